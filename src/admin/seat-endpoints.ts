// Seats: what is licensed, used, free and waited for; changing the contract; counting anew.

import { DirectoryError } from '#directory/directory-error.ts';
import type { Organization } from '#directory/organization.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, readOrganization, type AdminContext, type Operation } from './admin-operation.ts';

const base = '/organizations/:org/seats';

export const seatOperations: readonly Operation[] = [
  defineOperation({
    id: 'seats.get',
    method: 'get',
    path: base,
    summary: 'Seats licensed, billed, used, free and waited for',
    answer: contract.seatsAnswer,
    run: async (context, call) => ({ body: await readSeats(context, call.organization) }),
  }),
  defineOperation({
    id: 'seats.change',
    method: 'put',
    path: base,
    summary: 'Change the contract or the policy; what the body leaves out stays',
    body: contract.seatChange,
    answer: contract.seatsChanged,
    run: async (context, call) => {
      const { policy, licensed, over, reserved } = call.body;
      const terms = {
        ...(licensed === undefined ? {} : { licensed }),
        ...(over === undefined ? {} : { over }),
        ...(reserved === undefined ? {} : { reserved }),
        ...(policy === undefined ? {} : { seatPolicy: policy }),
      };
      const { change } = await context.provisioning.changeSeats(call.organization.id, terms, call.by);
      const organization = await readOrganization(context, call.organization.id);
      return { body: { ...(await readSeats(context, organization)), change } };
    },
  }),
  defineOperation({
    id: 'seats.recount',
    method: 'post',
    path: `${base}/recount`,
    summary: 'Count the holders of seats and repair the ledger if it is wrong',
    answer: contract.recounted,
    run: async (context, call) => {
      const { drift, outcome, change } = await context.provisioning.recountSeats(call.organization.id, call.by);
      return { body: { ...(await readSeats(context, call.organization)), drift, outcome, change } };
    },
  }),
];

/** `billed` is the contract, whatever is used. */
export async function readSeats(context: AdminContext, organization: Organization) {
  const ledger = await context.storage.seats.read(organization.id);
  if (ledger === null) throw new DirectoryError('organizationNotFound', 'There is no such organisation.');
  const { waiting, inactive, onLeave } = await context.storage.users.counts(organization.id);
  return {
    licensed: ledger.licensed,
    billed: ledger.licensed,
    used: ledger.used,
    free: ledger.licensed === null ? null : ledger.free,
    over: ledger.over,
    reserved: ledger.reserved,
    waiting,
    inactive,
    onLeave,
    policy: organization.seatPolicy,
  };
}
