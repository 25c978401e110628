// What follows for apps when a session of the gate ends, or all of a person: each app that was opened from it is told, and what the OpenID Provider
// keeps of it is removed. The doors were closed before; all of this is idempotent, for the relay. gate.md 4, point 5.

import { toEffects, type Effect } from '#directory/effect.ts';
import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { artifactKeys, artifactRecords, type StoredArtifact } from '../openid-provider/artifact.ts';
import { queueLogout } from './logout-delivery.ts';

const pageSize = 200;

/** Ends at the apps what the person's sessions of an earlier epoch opened. Throws `StorageError`. */
export function endAppSessionsOfUser(
  context: GateContext,
  organizationId: OrganizationId,
  userId: UserId,
  belowEpoch: number,
  cause: string,
): Promise<void> {
  const isOver = ({ value }: StoredArtifact): boolean => (value.bond?.epoch ?? belowEpoch) < belowEpoch;
  return endAppSessions(context, organizationId, artifactKeys.ofUser(userId), isOver, cause);
}

/** Ends at the apps what one session opened. Throws `StorageError`. */
export function endAppSessionsOfSession(
  context: GateContext,
  organizationId: OrganizationId,
  session: string,
  cause: string,
): Promise<void> {
  return endAppSessions(context, organizationId, artifactKeys.ofSession(session), () => true, cause);
}

/** What follows of a session's end, to be stored in the same write. */
export function appSessionsEffects(
  context: Pick<GateContext, 'now' | 'randomBytes'>,
  organizationId: OrganizationId,
  session: string,
  cause: string,
): readonly Effect[] {
  return toEffects(context, organizationId, [{ kind: 'endAppSessions', session, cause }]);
}

async function endAppSessions(
  context: GateContext,
  organizationId: OrganizationId,
  key: string,
  isOver: (artifact: StoredArtifact) => boolean,
  cause: string,
): Promise<void> {
  const records = context.storage.records(artifactRecords);
  const over: string[] = [];
  for (let after: string | undefined; ; ) {
    const page = { key, limit: pageSize, ...(after === undefined ? {} : { after }) };
    const some = await records.list(organizationId, page, context.now());
    for (const artifact of some.filter(isOver)) {
      // Queued before it is removed: whoever dies in between begins anew with the same.
      await queueLogouts(context, organizationId, artifact, cause);
      over.push(artifact.id);
    }
    if (some.length < pageSize) break;
    after = some.at(-1)?.id;
  }
  for (const id of over) await records.delete(id);
}

async function queueLogouts(
  context: GateContext,
  organizationId: OrganizationId,
  { value: { model, bond, payload } }: StoredArtifact,
  cause: string,
): Promise<void> {
  if (model !== 'Session' || bond === undefined) return;
  const { authorizations = {} } = JSON.parse(payload) as {
    readonly authorizations?: Readonly<Record<string, { readonly sid?: string }>>;
  };
  for (const [app, { sid }] of Object.entries(authorizations)) {
    if (sid !== undefined) await queueLogout(context, organizationId, { app, userId: bond.userId, sid, cause });
  }
}
