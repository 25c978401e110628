// Whether an app is for a person, and what is left for "why was I refused?" where it is not: at the authorization endpoint, and later wherever
// the app uses what it got (token, userinfo, introspection), because groups change meanwhile.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { askGroups, groupsOfApp, type GroupDemand } from '../app-access.ts';
import type { GateContext } from '../gate-context.ts';
import { noteNotAllowed } from '../sessions/refuse-app-use.ts';
import { sessionRecords } from '../sessions/session.ts';
import { findOpenidApp } from './app-client.ts';

/** What the app asks of this person now, and what they have of it; null where there is no such app. Throws `StorageError`. */
export async function askApp(
  context: GateContext,
  organizationId: OrganizationId,
  clientId: string | undefined,
  userId: UserId,
): Promise<readonly GroupDemand[] | null> {
  const app = await findOpenidApp(context, organizationId, clientId);
  return app === null ? null : askGroups(context.storage, organizationId, userId, groupsOfApp(app));
}

/** Records that the person of this session may not use the app. `session`: the id of its record. Throws `StorageError`. */
export async function noteAppRefusal(
  context: GateContext,
  organizationId: OrganizationId,
  session: string,
  app: string,
  demands: readonly GroupDemand[],
): Promise<void> {
  const found = await context.storage.records(sessionRecords).get(session, context.now());
  if (found?.organizationId !== organizationId) return;
  await noteNotAllowed(context, { session: found, app, demands }, 'openidProvider');
}
