// organization create | list; show and set are organization-settings-commands.ts

import { toSeats, withJson } from './command-options.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { addOrganizationSettingsCommands } from './organization-settings-commands.ts';
import { writeFacts, writeTable } from './terminal.ts';

const home = 'default';

export function addOrganizationCommands(place: CommandPlace): void {
  const { program, terminal } = place;
  const organization = program.command('organization').description('organisations of this server');
  addOrganizationSettingsCommands(organization, place);

  withJson(organization.command('create'))
    .description('create an organisation')
    .argument('<id>', '2 to 40 of a-z, 0-9 and "-"')
    .requiredOption('--name <name>')
    .option('--time-zone <zone>', 'IANA zone', 'UTC')
    .option('--licensed <seats>', 'seats bought, or "unlimited"', 'unlimited')
    .option('--policy <policy>', 'what happens when no seat is free: wait, refuse or allowOver', 'wait')
    .action(
      async (
        id: string,
        options: { name: string; timeZone: string; licensed: string; policy: string; json?: boolean },
      ) => {
        const { name, timeZone, policy } = options;
        const body = { id, name, timeZone, policy, licensed: toSeats(options.licensed, '--licensed') };
        const answer = await insideHouse(terminal, (house) =>
          runOperation(house, { operation: 'organizations.create', organization: home, body }),
        );
        if (options.json === true) terminal.result(JSON.stringify(answer));
        else terminal.result(writeFacts(answer['organization'] as Record<string, unknown>));
      },
    );

  withJson(organization.command('list'))
    .description('list organisations')
    .action(async (options: { json?: boolean }) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'organizations.list', organization: home }),
      );
      terminal.result(
        options.json === true
          ? JSON.stringify(items)
          : writeTable(['id', 'name', 'state', 'policy', 'timeZone'], items),
      );
    });
}
