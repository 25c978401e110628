// What whoever is refused can do next: a reference to read out and whom to ask, where the organisation is known. A refusal that was recorded has a
// reference of its own; any other has the request's id, under which the log has it.

import type { IncomingMessage } from 'node:http';
import type { Request } from 'express';
import { isSlug, type OrganizationId } from '#directory/identifiers.ts';
import type { OrganizationContact } from '#directory/organization.ts';
import { requestContextOf } from '#http/request-context.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';
import type { GateContext } from '../gate-context.ts';

export interface Help {
  readonly reference: string;
  readonly contact?: OrganizationContact;
}

type Place = Pick<GateContext, 'storage'>;

/** A refusal must not wait for whom to ask. */
const patienceMs = 500;

/** The organisation that the path of a route names, whatever it is; undefined where the route has none. */
export function organizationIn({ params }: Pick<Request, 'params'>): string | undefined {
  const { org } = params;
  return typeof org === 'string' ? org : undefined;
}

/** `organization`: as in the path, whatever it says. `reference`: of the record, if there is one. Never throws. */
export async function helpFor(
  context: Place,
  request: IncomingMessage,
  organization: string | undefined,
  reference?: string | null,
): Promise<Help> {
  const contact = await contactOf(context, organization);
  return {
    reference: reference ?? requestContextOf(request).requestId,
    ...(contact === undefined ? {} : { contact }),
  };
}

/** Whom the organisation says its people may ask; undefined for none, for an unknown one, and while the store does not answer. */
export async function contactOf(
  { storage }: Place,
  organization: string | undefined,
): Promise<OrganizationContact | undefined> {
  if (organization === undefined || !isSlug(organization)) return undefined;
  const reading = storage.organizations.get(organization as OrganizationId);
  return (await waitAtMost(reading, patienceMs).catch(() => null))?.contact;
}

export type QuickHelp = (request: IncomingMessage, organization: string | undefined) => Promise<Help>;

const rememberedForMs = 10_000;
const mostRemembered = 1_000;

/** The same for who asks too often: that must cost the store nothing, so contacts are remembered for some seconds. */
export function createQuickHelp(context: Place): QuickHelp {
  const remembered = new Map<string, { readonly until: number; readonly contact: ReturnType<typeof contactOf> }>();
  return async (request, organization = '') => {
    let known = remembered.get(organization);
    if (known === undefined || known.until < performance.now()) {
      known = { until: performance.now() + rememberedForMs, contact: contactOf(context, organization) };
      if (remembered.size >= mostRemembered) remembered.clear();
      remembered.set(organization, known);
    }
    const contact = await known.contact;
    return { reference: requestContextOf(request).requestId, ...(contact === undefined ? {} : { contact }) };
  };
}
