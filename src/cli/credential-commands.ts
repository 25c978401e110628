// credential issue | list | revoke | rotate

import { collect, toCount, withOrganization, type CommonOptions } from './command-options.ts';
import { UsageError } from './exit-code.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import type { CommandPlace } from './command-place.ts';
import { writeFacts, writeTable, type Terminal } from './terminal.ts';

interface IssueOptions extends CommonOptions {
  readonly kind: string;
  readonly name: string;
  readonly connection?: string;
  readonly owner?: string;
  readonly scope?: readonly string[];
  readonly expires?: string;
  readonly issuer?: string;
  readonly audience?: string;
  readonly subject?: string;
  readonly jwksUri?: string;
}

export function addCredentialCommands({ program, terminal }: CommandPlace): void {
  const credential = program.command('credential').description('secrets of machines: SCIM, HR, admin API, apps');

  withOrganization(credential.command('issue'))
    .description('issue a credential; the secret is shown once')
    .requiredOption('--kind <kind>', 'scim, hr, admin or app')
    .requiredOption('--name <name>', 'what it is for')
    .option('--connection <id>', 'connection it belongs to; SCIM and HR: "default" unless given')
    .option('--owner <user>', 'id of a user; while they are inactive it is refused')
    .option(
      '--scope <scope>',
      'scim: read, users, groups; admin: read, instance; may be repeated; none: everything',
      collect,
    )
    .option('--expires <instant>', 'for example 2027-04-01T00:00:00Z')
    .option('--issuer <url>', 'no secret: trust client assertions (JWT) of this issuer; needs --audience')
    .option('--audience <text>', 'audience of its assertions')
    .option('--subject <text>', 'subject of its assertions')
    .option('--jwks-uri <url>', 'where its keys are, if not where its metadata says')
    .action(async (options: IssueOptions) => {
      const { kind, name, connection, owner, scope, expires } = options;
      const body = { kind, name, connection, owner, scopes: scope, expiresAt: expires, trust: toTrust(options) };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'credentials.issue', organization: options.org, body }),
      );
      showIssued(terminal, answer, options.json);
    });

  withOrganization(credential.command('list'))
    .description('list credentials, newest first')
    .action(async (options: CommonOptions) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'credentials.list', organization: options.org }),
      );
      const columns = [
        'id',
        'kind',
        'name',
        'connection',
        'scopes',
        'state',
        'lastFour',
        'createdAt',
        'expiresAt',
        'lastUsedAt',
      ];
      terminal.result(options.json === true ? JSON.stringify(items) : writeTable(columns, items));
    });

  withOrganization(credential.command('revoke'))
    .description('revoke a credential: refused from now on')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'credentials.revoke', organization: options.org, params: { id } }),
      );
      terminal.result(
        options.json === true ? JSON.stringify(answer) : writeFacts(answer['credential'] as Record<string, unknown>),
      );
    });

  withOrganization(credential.command('rotate'))
    .description('issue a successor; the old secret works for the overlap')
    .argument('<id>')
    .option('--overlap <seconds>', 'how long the old secret works', '86400')
    .action(async (id: string, options: CommonOptions & { overlap: string }) => {
      const body = { overlapSeconds: toCount(options.overlap, '--overlap') };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'credentials.rotate', organization: options.org, params: { id }, body }),
      );
      if (answer['oldEndsAt'] === null)
        terminal.talk(`The old credential could not be ended; run: furlough credential revoke ${id}`);
      showIssued(terminal, answer, options.json);
    });
}

function toTrust({ issuer, audience, subject, jwksUri }: IssueOptions): Readonly<Record<string, string>> | undefined {
  const given = Object.entries({ issuer, audience, subject, jwksUri }).filter(([, value]) => value !== undefined);
  if (given.length === 0) return undefined;
  if (issuer === undefined || audience === undefined || subject === undefined)
    throw new UsageError('Trust in an issuer needs --issuer, --audience and --subject.');
  return Object.fromEntries(given) as Record<string, string>;
}

/** The secret alone on standard output, so that it can be put into a variable. */
function showIssued(terminal: Terminal, answer: Readonly<Record<string, unknown>>, json: boolean | undefined): void {
  if (json === true) {
    terminal.result(JSON.stringify(answer));
    return;
  }
  terminal.talk(writeFacts(answer['credential'] as Record<string, unknown>));
  const secret = answer['secret'] as string | null;
  if (secret === null) {
    terminal.talk('It has no secret. The client id is its id:');
    terminal.result((answer['credential'] as { readonly id: string }).id);
    return;
  }
  terminal.talk('This is shown once. Keep it safe:');
  terminal.result(secret);
}
