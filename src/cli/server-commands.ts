// serve, check, migrate, and `admin create`: what is done to the server as a whole.

import { loadConfig } from '#config/load-config.ts';
import { existsSync } from 'node:fs';
import { withJson, type CommonOptions } from './command-options.ts';
import { tryStorage } from '../server.ts';
import { insideHouse, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { serve } from './serve.ts';
import { writeFacts } from './terminal.ts';

export function addServerCommands({ program, terminal, endWith }: CommandPlace): void {
  program
    .command('serve')
    .description('start the server')
    .action(async () => endWith(await serve(terminal)));

  withJson(program.command('check'))
    .description('check the configuration and whether the store can be opened')
    .action(async (options: { json?: boolean }) => {
      // Made by the first start, not by a check.
      const config = loadConfig(terminal.environment, terminal.folder, false);
      const isNew =
        config.storage.kind === 'sqlite' && config.storage.path !== null && !existsSync(config.storage.path);
      const isMemory = config.storage.kind === 'sqlite' && config.storage.path === null;
      const isEmpty = !isNew && !isMemory && (await tryStorage(config)).isEmpty;
      const facts = {
        configuration: 'ok',
        storage: isNew
          ? 'not there yet; the first start makes it'
          : isEmpty
            ? 'ok, empty; the first start prepares it'
            : 'ok',
        kind: config.storage.kind,
        baseUrl: config.server.baseUrl,
      };
      terminal.result(options.json === true ? JSON.stringify(facts) : writeFacts(facts));
    });

  withJson(program.command('migrate'))
    .description('bring the store to this version, as a start does')
    .action(async (options: { json?: boolean }) => {
      const kind = await insideHouse(terminal, async (house) => house.storage.kind);
      const facts = { storage: kind, migrations: 'all done' };
      terminal.result(options.json === true ? JSON.stringify(facts) : writeFacts(facts));
    });

  const admin = program.command('admin').description('administrators of this server');
  withJson(admin.command('create'))
    .description('issue an admin credential that reaches every organisation; the secret is shown once')
    .requiredOption('--name <name>', 'who it is for')
    .option('--org <id>', 'organisation it belongs to', 'default')
    .action(async (options: CommonOptions & { name: string }) => {
      const body = { kind: 'admin', name: options.name, scopes: ['instance'] };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'credentials.issue', organization: options.org, body }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else {
        terminal.talk('This is shown once. Keep it safe:');
        terminal.result(String(answer['secret']));
      }
    });
}
