// Seats: what is licensed, used, free and waited for; changing the contract; counting anew.

import * as contract from './admin-contract.ts';
import { defineOperation, readOrganization, type Operation } from './admin-operation.ts';
import { readSeatContract } from '#provisioning/seat-contract.ts';
import { toContractAnswer } from './seat-contract-view.ts';
import { readForecast } from './seat-forecast.ts';
import { readSeats } from './seat-numbers.ts';

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
      const { policy, licensed, over, overUntil, reserveForReturn } = call.body;
      const terms = {
        ...(licensed === undefined ? {} : { licensed }),
        ...(over === undefined ? {} : { over }),
        ...(overUntil === undefined ? {} : { overUntil }),
        ...(reserveForReturn === undefined ? {} : { reserveForReturn }),
        ...(policy === undefined ? {} : { seatPolicy: policy }),
      };
      const { change } = await context.provisioning.changeSeats(call.organization.id, terms, call.by);
      const organization = await readOrganization(context, call.organization.id);
      return { body: { ...(await readSeats(context, organization)), change } };
    },
  }),
  defineOperation({
    id: 'seats.contract',
    method: 'get',
    path: `${base}/contract`,
    summary: 'From when how many seats, and for how much',
    answer: contract.contractAnswer,
    run: async (context, call) => {
      const rows = await readSeatContract(context, call.organization.id);
      return { body: toContractAnswer(context, call.organization, rows) };
    },
  }),
  defineOperation({
    id: 'seats.planContract',
    method: 'put',
    path: `${base}/contract`,
    summary: 'Replace the rows of the contract; one whose day has come counts with the answer',
    body: contract.contractChange,
    answer: contract.contractChanged,
    run: async (context, call) => {
      const { organization, by } = call;
      const planned = call.body.rows.map(({ unitPrice, currency, note, ...row }) => ({
        ...row,
        ...(unitPrice === undefined ? {} : { unitPrice }),
        ...(currency === undefined ? {} : { currency }),
        ...(note === undefined ? {} : { note }),
      }));
      const { rows, change } = await context.provisioning.planSeatContract(organization.id, planned, by);
      return { body: { ...toContractAnswer(context, organization, rows), change } };
    },
  }),
  defineOperation({
    id: 'seats.forecast',
    method: 'get',
    path: `${base}/forecast`,
    summary:
      'How many seats will be needed, by day, from leaves and planned ends; and the first day on which there are too few',
    query: contract.forecastQuery,
    answer: contract.forecastAnswer,
    run: async (context, call) => ({ body: await readForecast(context, call.organization, call.query.days) }),
  }),
  defineOperation({
    id: 'seats.recount',
    method: 'post',
    path: `${base}/recount`,
    summary: 'Count the holders of seats and repair the ledger if it is wrong',
    answer: contract.recounted,
    run: async (context, call) => {
      const { drift, budgets, outcome, change } = await context.provisioning.recountSeats(
        call.organization.id,
        call.by,
      );
      const wrong = budgets === undefined ? {} : { budgets };
      return { body: { ...(await readSeats(context, call.organization)), drift, ...wrong, outcome, change } };
    },
  }),
];
