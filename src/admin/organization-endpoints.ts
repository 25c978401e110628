// Organisations: create and list (scope `instance`), show, change, suspend, resume.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { Organization, OrganizationContact } from '#directory/organization.ts';
import * as contract from './admin-contract.ts';
import {
  defineOperation,
  reportTrouble,
  toIso,
  type AdminContext,
  type Answer,
  type Call,
  type Operation,
} from './admin-operation.ts';
import { ensureDefaultConnection } from './connection-changes.ts';
import { readTelling, toTellingAnswer } from './organization-telling.ts';
import { readCursor, toPage } from './paging.ts';

const one = '/organizations/:org';

export const organizationOperations: readonly Operation[] = [
  defineOperation({
    id: 'organizations.create',
    method: 'post',
    path: '/organizations',
    summary: 'Create an organisation with its seats and its connection `default`',
    body: contract.newOrganization,
    answer: contract.organizationChanged,
    status: 201,
    run: async (context, call) => {
      const { id, name, timeZone, licensed, policy } = call.body;
      const request = { id: id as OrganizationId, name, timeZone, licensed, seatPolicy: policy };
      const { organization, change } = await context.provisioning.createOrganization(request, call.by);
      await makeDefaultConnection(context, organization.id, call.by);
      const headers = { Location: `${context.config.baseUrl}/api/v1/organizations/${organization.id}` };
      return { body: { organization: toOrganizationAnswer(organization), change }, headers };
    },
  }),
  defineOperation({
    id: 'organizations.list',
    method: 'get',
    path: '/organizations',
    summary: 'All organisations, by id',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.organizationAnswer),
    run: async (context, call) => {
      const after = readCursor(call.query.cursor);
      const all = await context.storage.organizations.list();
      const rest = after === undefined ? all : all.filter(({ id }) => id > after);
      const page = toPage(rest, call.query.limit, ({ id }) => id);
      return { body: { items: page.items.map(toOrganizationAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'organizations.get',
    method: 'get',
    path: one,
    summary: 'One organisation',
    answer: contract.organizationAnswer,
    run: async (_context, call) => ({ body: toOrganizationAnswer(call.organization) }),
  }),
  defineOperation({
    id: 'organizations.change',
    method: 'put',
    path: one,
    summary:
      'Change its name, time zone, what holds for leaves, or whom its people may ask; what the body leaves out stays',
    body: contract.organizationChange,
    answer: contract.organizationChanged,
    run: async (context, call) => {
      const { name, timeZone, leaveSeat, returnHour, reserveForReturn, hiddenWhileInactive, contact } = call.body;
      const telling = readTelling(call.body);
      const edit = {
        ...(name === undefined ? {} : { name }),
        ...(timeZone === undefined ? {} : { timeZone }),
        ...(leaveSeat === undefined ? {} : { leaveSeat }),
        ...(returnHour === undefined ? {} : { returnHour }),
        ...(reserveForReturn === undefined ? {} : { reserveForReturn }),
        ...telling,
        ...(hiddenWhileInactive === undefined ? {} : { hiddenWhileInactive }),
        ...(contact === undefined ? {} : { contact: contact === null ? null : toContact(contact) }),
      };
      const { organization, change } = await context.provisioning.changeOrganization(
        call.organization.id,
        edit,
        call.by,
      );
      return { body: { organization: toOrganizationAnswer(organization), change } };
    },
  }),
  defineOperation({
    id: 'organizations.suspend',
    method: 'post',
    path: `${one}/suspend`,
    summary: 'Suspend: every door refuses all its people from the answer on',
    body: contract.suspension,
    answer: contract.organizationChanged,
    run: (context, call) => setState(context, call, 'suspended'),
  }),
  defineOperation({
    id: 'organizations.resume',
    method: 'post',
    path: `${one}/resume`,
    summary: 'End a suspension',
    body: contract.suspension,
    answer: contract.organizationChanged,
    run: (context, call) => setState(context, call, 'active'),
  }),
];

/** The organisation is there already. Without its connection it is answered all the same: whoever issues the first credential makes it. */
async function makeDefaultConnection(context: AdminContext, id: OrganizationId, by: ChangeContext): Promise<void> {
  try {
    await ensureDefaultConnection(context, id, by);
  } catch (error) {
    reportTrouble(context, `the connection default of ${id} could not be made yet`, error);
  }
}

type SuspensionCall = Call<ReturnType<typeof contract.suspension.parse>, unknown>;

async function setState(context: AdminContext, call: SuspensionCall, state: Organization['state']): Promise<Answer> {
  const { endsAt, reason } = call.body;
  const by = reason === undefined ? call.by : { ...call.by, reason };
  const end = endsAt === undefined ? {} : { endsAt: endsAt === null ? null : Date.parse(endsAt) };
  if (typeof end.endsAt === 'number' && !Number.isFinite(end.endsAt))
    throw new DirectoryError('invalidValue', 'endsAt is no instant.');
  const { organization, change } = await context.provisioning.changeOrganization(
    call.organization.id,
    { state, ...end },
    by,
  );
  return { body: { organization: toOrganizationAnswer(organization), change } };
}

/** Null when nothing is said: an empty contact is none. */
function toContact({
  text,
  email,
}: NonNullable<ReturnType<typeof contract.organizationChange.parse>['contact']>): OrganizationContact | null {
  if (text === undefined && email === undefined) return null;
  return { ...(text === undefined ? {} : { text }), ...(email === undefined ? {} : { email }) };
}

export function toOrganizationAnswer(organization: Organization) {
  const { id, name, timeZone, state, endsAt, seatPolicy, contact, createdAt } = organization;
  const { leaveSeat = 'release', returnHour = 0, reserveForReturn = 0 } = organization;
  return {
    id,
    name,
    timeZone,
    state,
    ...(endsAt === undefined ? {} : { endsAt: toIso(endsAt) }),
    policy: seatPolicy,
    leaveSeat,
    returnHour,
    reserveForReturn,
    ...toTellingAnswer(organization),
    hiddenWhileInactive: organization.hiddenWhileInactive ?? [],
    ...(contact === undefined ? {} : { contact }),
    createdAt: toIso(createdAt),
  };
}
