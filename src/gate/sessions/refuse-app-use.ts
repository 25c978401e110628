// What a signed-in person gets who may come in, but not to this app or this part of it: recorded like any refusal at a door, with the groups that
// were asked for, so that an administrator sees which one is missing, and a reference with whom to ask for the person.

import type { Request, Response } from 'express';
import { sendProblem } from '#http/problem-details.ts';
import type { GroupDemand } from '../app-access.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { contactOf, helpFor } from '../pages/help.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createAppRefusalPage } from '../pages/refusal-page.ts';
import { noteDoorRefusal } from './door-refusal.ts';
import type { StoredSession } from './session.ts';

/** Whom an app refuses, and what it asked for. */
export interface NotAllowed {
  readonly session: StoredSession;
  readonly app: string;
  readonly demands: readonly GroupDemand[];
  /** The part of the app, without the query; left out where it could be read in two ways or is not known. */
  readonly path?: string | undefined;
}

export type AppDoor = 'forwardAuth' | 'appCheck' | 'openidProvider';

/** An app may have a hundred rules; those that were not met say enough. */
const mostDemands = 10;
const longestPath = 1_024;

/** Records it, or finds what was recorded; answers the reference to show, null where that was not possible in time. */
export function noteNotAllowed(context: GateContext, refused: NotAllowed, door: AppDoor): Promise<string | null> {
  const { session, app, path } = refused;
  const demands = refused.demands.toSorted((a, b) => Number(a.isMember) - Number(b.isMember)).slice(0, mostDemands);
  // They may come in: that is what was found about the person and the organisation.
  const then = { organizationOpen: true, exists: true, holds: [], demands };
  const part = path === undefined ? {} : { path: path.slice(0, longestPath) };
  return noteDoorRefusal(context, { session, reason: 'notAllowed', then, door, app, ...part });
}

/** In the form that helps the sender. */
export async function refuseAppUse(
  context: GateContext,
  request: Request,
  response: Response,
  refused: NotAllowed,
  door: AppDoor,
): Promise<void> {
  if (!wantsPage(request.headers)) return sendAppRefusal(context, response, refused, door);
  const reference = await noteNotAllowed(context, refused, door);
  const help = await helpFor(context, request, refused.session.organizationId, reference);
  const translator = translatorFor(request);
  sendPage(response, 403, translator, createAppRefusalPage(translator, help));
}

/** As problem details. */
export async function sendAppRefusal(
  context: GateContext,
  response: Response,
  refused: NotAllowed,
  door: AppDoor,
): Promise<void> {
  const reason = 'notAllowed';
  const detail = 'This person may not use this app, or this part of it.';
  const [reference, contact] = await Promise.all([
    noteNotAllowed(context, refused, door),
    contactOf(context, refused.session.organizationId),
  ]);
  const extra = {
    reason,
    ...(reference === null ? {} : { reference }),
    ...(contact === undefined ? {} : { contact }),
  };
  sendProblem(response, { status: 403, code: reason, detail, extra });
}
