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
      const parts = {
        ...(licensed === undefined ? {} : { licensed }),
        ...(over === undefined ? {} : { over }),
        ...(reserved === undefined ? {} : { reserved }),
      };
      let change: string | null = null;
      // The contract first: it can be refused, and then nothing of the request is done.
      if (await differs(context, call.organization, parts)) {
        change = (await context.provisioning.changeSeats(call.organization.id, parts, call.by)).change;
      }
      if (policy !== undefined) {
        const changed = await context.provisioning.changeOrganization(
          call.organization.id,
          { seatPolicy: policy },
          call.by,
        );
        change ??= changed.change;
      }
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
      const { drift, outcome } = await context.provisioning.recountSeats(call.organization.id, call.by);
      return { body: { ...(await readSeats(context, call.organization)), drift, outcome, change: null } };
    },
  }),
];

type Contract = { licensed?: number | null; over?: number; reserved?: number };

/** Whether the contract asked for is another than the one in force: asking for the same again writes nothing. */
async function differs(context: AdminContext, organization: Organization, parts: Contract): Promise<boolean> {
  if (Object.keys(parts).length === 0) return false;
  const ledger = await context.storage.seats.read(organization.id);
  if (ledger === null) return true;
  return Object.entries(parts).some(([name, value]) => ledger[name as keyof Contract] !== value);
}

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
