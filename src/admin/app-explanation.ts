// Why was this person refused by an app although they may come in? The groups that the app asked for, with what the person had of them then, as it
// was kept with the refusal, and what they have of what the app asks for now.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { User } from '#directory/user.ts';
import { askGroups, groupsOfApp, type GroupDemand } from '#gate/app-access.ts';
import { decidePath } from '#gate/forward-auth/path-rules.ts';
import type { SignInRecord } from '#gate/sign-in/sign-in-record.ts';
import { findApp } from '#storage/app-records.ts';
import { toIso, type AdminContext } from './admin-operation.ts';
import { checksOf, explainNow, type Check, type DecisionNow } from './access-ladder.ts';

type Door = NonNullable<SignInRecord['door']>;

/** All checks of a refusal as they came out then; null: it did not come so far. */
export async function explainThen(
  context: AdminContext,
  organizationId: OrganizationId,
  { then, door }: SignInRecord,
): Promise<readonly Check[] | null> {
  if (then === undefined) return null;
  return [...checksOf(then), ...(await tellDemands(context, organizationId, door?.app ?? '', then.demands ?? []))];
}

/** What would be decided about this person now: at the app that refused them, where one did. */
export async function explainAgain(
  context: AdminContext,
  organization: Organization,
  user: User,
  { reason, door }: SignInRecord,
): Promise<DecisionNow> {
  const now = explainNow(context, organization, user);
  if (reason !== 'notAllowed' || door?.app === undefined) return now;
  const checks = await checkApp(context, organization.id, user.id, { ...door, app: door.app });
  const all = { ...now, checks: [...now.checks, ...checks] };
  if (!now.allowed || checks.every(({ passed }) => passed)) return all;
  const sentence = `${now.sentence.replace(/\.$/, '')}, but the app ${door.app}, or that part of it, is not for them.`;
  return { ...all, allowed: false, reason: 'notAllowed', sentence };
}

/** Of the last refusals those by apps, each app with what it asked for once: then and now. */
export async function explainApps(
  context: AdminContext,
  organization: Organization,
  user: User,
  refusals: readonly SignInRecord[],
) {
  const asked = new Map<string, SignInRecord>();
  for (const record of refusals.filter(({ reason }) => reason === 'notAllowed').toReversed())
    asked.set(JSON.stringify([record.door?.app, record.then?.demands?.map(({ groups }) => groups)]), record);
  const told = [...asked.values()].toReversed().map(async (record) => ({
    app: record.door?.app ?? '',
    ...(record.door?.path === undefined ? {} : { path: record.door.path }),
    reference: record.reference,
    at: toIso(record.at),
    then: (await explainThen(context, organization.id, record)) ?? [],
    now: await explainAgain(context, organization, user, record),
  }));
  return Promise.all(told);
}

async function checkApp(
  context: AdminContext,
  organizationId: OrganizationId,
  userId: UserId,
  { name, app: id, path }: Door & { readonly app: string },
): Promise<readonly Check[]> {
  const app = await findApp(context.storage, organizationId, id, context.now());
  if (app === null) return [{ check: 'app', passed: false, detail: `The app ${id} was removed.` }];
  const part = name === 'openidProvider' ? { isPublic: false, groups: groupsOfApp(app) } : decidePath(app, path);
  if (part.isPublic) return [{ check: 'groups', passed: true, detail: `This part of the app ${id} is for everybody.` }];
  if (part.groups.length === 0)
    return [{ check: 'groups', passed: true, detail: `The app ${id} is for everyone of the organisation.` }];
  const demands = await askGroups(context.storage, organizationId, userId, part.groups);
  return tellDemands(context, organizationId, id, demands);
}

async function tellDemands(
  context: AdminContext,
  organizationId: OrganizationId,
  app: string,
  demands: readonly GroupDemand[],
): Promise<readonly Check[]> {
  const names = await nameGroups(context, organizationId, demands);
  return demands.map(({ groups, isMember }) => {
    const named = groups.map((id) => names.get(id) ?? `${id} (deleted)`).join(', ');
    const which = `of the groups that the app ${app} asks for: ${named === '' ? 'none is left' : named}.`;
    return { check: 'groups', passed: isMember, detail: `${isMember ? 'In one' : 'In none'} ${which}` };
  });
}

async function nameGroups(
  context: AdminContext,
  organizationId: OrganizationId,
  demands: readonly GroupDemand[],
): Promise<ReadonlyMap<string, string>> {
  const ids = [...new Set(demands.flatMap(({ groups }) => groups))];
  const names = new Map<string, string>();
  for (let from = 0; from < ids.length; from += 1_000) {
    const groups = await context.storage.groups.getMany(organizationId, ids.slice(from, from + 1_000));
    for (const { id, profile } of groups) names.set(id, profile.displayName);
  }
  return names;
}
