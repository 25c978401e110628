// What `/sso/session` decides: who is signed in with this cookie, and may they still come in?

import type { GateContext } from '../gate-context.ts';
import type { KnownPeople, KnownPerson } from './known-people.ts';
import { resumeSession, type ResumedSession } from './resume-session.ts';
import type { StoredSession } from './session.ts';

/** The signed-in person as `/sso/session` shows them. */
export interface SessionView {
  readonly user: KnownPerson['view'];
  readonly organization: string;
  readonly connection: string;
  /** ISO 8601, UTC. */
  readonly signedInAt: string;
  readonly expiresAt: string;
}

export type CheckedSession =
  | { readonly kind: 'signedIn'; readonly view: SessionView }
  | Exclude<ResumedSession, { readonly kind: 'signedIn' }>;

/** `token`: the session cookie's value. Throws `StorageError` when the store is away. */
export async function checkSession(
  context: GateContext,
  people: KnownPeople,
  token: string | undefined,
): Promise<CheckedSession> {
  const resumed = await resumeSession(context, token);
  if (resumed.kind !== 'signedIn') return resumed;
  const person = await people(resumed.user);
  return person === null ? { kind: 'nobody' } : { kind: 'signedIn', view: toSessionView(resumed.session, person) };
}

/** What an app is told of a session that counts now. */
export function toSessionView({ organizationId, value }: StoredSession, person: KnownPerson): SessionView {
  return {
    user: person.view,
    organization: organizationId,
    connection: value.connection,
    signedInAt: new Date(value.createdAt).toISOString(),
    expiresAt: new Date(value.notOnOrAfter).toISOString(),
  };
}
