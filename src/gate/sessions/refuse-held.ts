// What everybody gets whose session is good but who is held now: 403 with the present reason for programs, a page that says whom to ask for
// people, and one reference for both under which an administrator finds out why.

import type { Request, Response } from 'express';
import { sendProblem } from '#http/problem-details.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { contactOf } from '../pages/help.ts';
import { showRefusal } from '../pages/show-refusal.ts';
import { presentRefusal } from '../sign-in/refusal.ts';
import { noteDoorRefusal } from './door-refusal.ts';
import type { ResumedSession } from './resume-session.ts';

export type Held = Extract<ResumedSession, { readonly kind: 'held' }>;

/** Which door refuses, and for which app. */
export interface HeldAt {
  readonly door: 'session' | 'forwardAuth' | 'appCheck' | 'appSignIn';
  readonly app?: string;
}

/** In the form that helps the sender. */
export function refuseHeld(
  context: GateContext,
  request: Request,
  response: Response,
  held: Held,
  at: HeldAt,
): Promise<void> {
  return wantsPage(request.headers)
    ? showHeld(context, request, response, held, at)
    : sendHeld(context, response, held, at);
}

/** As problem details. */
export async function sendHeld(context: GateContext, response: Response, held: Held, at: HeldAt): Promise<void> {
  const { reason } = held;
  const [reference, contact] = await Promise.all([
    noteHeld(context, held, at),
    contactOf(context, held.session.organizationId),
  ]);
  const extra = {
    reason,
    ...(reference === null ? {} : { reference }),
    ...(contact === undefined ? {} : { contact }),
  };
  sendProblem(response, { status: 403, code: reason, detail: 'This person may not come in now.', extra });
}

/** As a page. */
export async function showHeld(
  context: GateContext,
  request: Request,
  response: Response,
  held: Held,
  at: HeldAt,
): Promise<void> {
  const reference = await noteHeld(context, held, at);
  await showRefusal(context, request, response, {
    status: 403,
    sentence: presentRefusal(held.reason).sentence,
    organizationId: held.session.organizationId,
    reference,
  });
}

function noteHeld(context: GateContext, { session, reason, then }: Held, at: HeldAt): Promise<string | null> {
  return noteDoorRefusal(context, { session, reason, then, ...at });
}
