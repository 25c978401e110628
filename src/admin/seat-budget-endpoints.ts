// Budgets of departments: ceilings inside the contract (docs/seats.md).

import type { DepartmentId } from '#directory/identifiers.ts';
import { readBudgets, type DepartmentBudget } from '#provisioning/seat-budgets.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type AdminContext, type Call, type Operation } from './admin-operation.ts';

const base = '/organizations/:org/seats/budgets';

export const seatBudgetOperations: readonly Operation[] = [
  defineOperation({
    id: 'seats.budgets',
    method: 'get',
    path: base,
    summary: 'The budgets of departments: how many seats their people may use, and do',
    answer: contract.budgetsAnswer,
    run: async (context, call) => {
      const budgets = await readBudgets(context, call.organization.id);
      return { body: { items: budgets.map(toBudgetAnswer) } };
    },
  }),
  defineOperation({
    id: 'seats.setBudget',
    method: 'put',
    path: `${base}/:department`,
    summary: 'Give a department a budget, or change it; nobody loses a seat by it',
    body: contract.budgetChange,
    answer: contract.budgetChanged,
    run: async (context, call) => {
      const { organization, body, by } = call;
      const { change } = await context.provisioning.setBudget(organization.id, departmentOf(call), body.limit, by);
      return { body: { budget: await readBudget(context, call), change } };
    },
  }),
  defineOperation({
    id: 'seats.removeBudget',
    method: 'delete',
    path: `${base}/:department`,
    summary: 'Take the budget of a department away',
    answer: contract.budgetChanged,
    run: async (context, call) => {
      const { organization, by } = call;
      const { change } = await context.provisioning.removeBudget(organization.id, departmentOf(call), by);
      return { body: { budget: await readBudget(context, call), change } };
    },
  }),
];

async function readBudget(context: AdminContext, call: Pick<Call<unknown, unknown>, 'organization' | 'params'>) {
  const budgets = await readBudgets(context, call.organization.id);
  const found = budgets.find(({ department }) => department === departmentOf(call));
  return found === undefined ? null : toBudgetAnswer(found);
}

function toBudgetAnswer(budget: DepartmentBudget) {
  return { ...budget, free: budget.limit - budget.used };
}

function departmentOf(call: Pick<Call<unknown, unknown>, 'params'>): DepartmentId {
  return paramOf(call, 'department') as DepartmentId;
}
