// seats budgets list | set | remove

import type { Command } from 'commander';
import { toCount, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import type { House } from '../server.ts';
import { writeFacts, writeTable } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

export function addSeatBudgetCommands(seats: Command, { terminal }: Pick<CommandPlace, 'terminal'>): void {
  const budgets = seats.command('budgets').description('how many seats the people of a department may use');
  const write = (answer: Facts, json: boolean | undefined): void => {
    const { budget, change } = answer as { readonly budget: Facts | null; readonly change: string | null };
    terminal.result(json === true ? JSON.stringify(answer) : writeFacts({ ...budget, change: change ?? 'none' }));
  };

  withOrganization(budgets.command('list'))
    .description('the budgets there are, and what is left of them')
    .action(async ({ org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'seats.budgets', organization: org }),
      );
      const columns = ['department', 'name', 'limit', 'used', 'free'];
      terminal.result(
        json === true ? JSON.stringify(answer) : writeTable(columns, answer['items'] as readonly Facts[]),
      );
    });

  withOrganization(budgets.command('set <department> <seats>'))
    .description('give a department, by its id or code, a budget, or change it; nobody loses a seat by it')
    .action(async (department: string, limit: string, { org, json }: CommonOptions) => {
      const body = { limit: toCount(limit, 'The budget') };
      const answer = await insideHouse(terminal, async (house) => {
        const params = { department: await findDepartment(house, org, department) };
        return runOperation(house, { operation: 'seats.setBudget', organization: org, params, body });
      });
      write(answer, json);
    });

  withOrganization(budgets.command('remove <department>'))
    .description('take the budget of a department away')
    .action(async (department: string, { org, json }: CommonOptions) => {
      const answer = await insideHouse(terminal, async (house) => {
        const params = { department: await findDepartment(house, org, department) };
        return runOperation(house, { operation: 'seats.removeBudget', organization: org, params });
      });
      write(answer, json);
    });
}

/** The id of the department that has this code, else the text as it is. */
async function findDepartment(house: House, organization: string, text: string): Promise<string> {
  const found = await runOperation(house, { operation: 'departments.list', organization, query: { code: text } });
  const [coded] = found['items'] as readonly { readonly id: string }[];
  return coded?.id ?? text;
}
