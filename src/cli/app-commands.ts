// app create | list | show | replace | remove | secret: what is behind the gate.

import { collect, toCount, withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { UsageError } from './exit-code.ts';
import { readGivenObject, writeFacts, writeTable, type Terminal } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

interface CreateOptions extends CommonOptions {
  readonly file?: string;
  readonly id?: string;
  readonly name?: string;
  readonly group?: readonly string[];
  readonly host?: readonly string[];
  readonly public?: readonly string[];
  readonly redirectUri?: readonly string[];
  readonly postLogoutRedirectUri?: readonly string[];
  readonly backchannelLogoutUri?: string;
  readonly authMethod?: string;
  readonly jwks?: string;
  readonly jwksUri?: string;
}

export function addAppCommands({ program, terminal }: CommandPlace): void {
  const app = program
    .command('app')
    .description('apps behind the gate: by a proxy or middleware, by OpenID Connect, or both');

  withOrganization(app.command('create'))
    .description('register an app, by options or from a JSON file in the API’s form; a client secret is shown once')
    .option('--file <path>', 'JSON as for the admin API; "-" is standard input')
    .option('--id <id>', 'to OpenID Connect the client id; made from the name unless given')
    .option('--name <name>')
    .option('--group <id>', 'only members of this group may use it; may be repeated', collect)
    .option('--host <host>', 'behind a proxy or middleware: app.example.com; may be repeated', collect)
    .option('--public <path>', 'a path of these hosts that is for everybody; may be repeated', collect)
    .option('--redirect-uri <uri>', 'OpenID Connect; may be repeated', collect)
    .option('--post-logout-redirect-uri <uri>', 'OpenID Connect; may be repeated', collect)
    .option('--backchannel-logout-uri <uri>', 'OpenID Connect: where it hears of logouts')
    .option('--auth-method <method>', 'client_secret_basic unless given, client_secret_post, private_key_jwt or none')
    .option('--jwks <path>', 'private_key_jwt: its public keys; "-" is standard input')
    .option('--jwks-uri <url>', 'private_key_jwt: where its keys are')
    .action(async (options: CreateOptions) => {
      const body =
        options.file === undefined ? toShortForm(terminal, options) : readGivenObject(terminal, options.file);
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'apps.add', organization: options.org, body }),
      );
      showChanged(terminal, answer, options.json);
    });

  withOrganization(app.command('list'))
    .description('list apps, by id')
    .action(async (options: CommonOptions) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'apps.list', organization: options.org }),
      );
      const rows = items.map(({ forwardAuth, openid, ...rest }) => ({
        ...rest,
        hosts: (forwardAuth as { hosts: readonly string[] } | undefined)?.hosts.join(' '),
        openid: (openid as { authMethod: string } | undefined)?.authMethod,
      }));
      terminal.result(
        options.json === true ? JSON.stringify(items) : writeTable(['id', 'name', 'hosts', 'openid', 'groups'], rows),
      );
    });

  withOrganization(app.command('show'))
    .description('show an app')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'apps.get', organization: options.org, params: { id } }),
      );
      terminal.result(options.json === true ? JSON.stringify(answer) : writeFacts(answer));
    });

  withOrganization(app.command('replace'))
    .description('write an app anew from a JSON file in the API’s form; its client secrets stay')
    .argument('<id>')
    .requiredOption('--file <path>', '"-" is standard input')
    .action(async (id: string, options: CommonOptions & { file: string }) => {
      const body = readGivenObject(terminal, options.file);
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'apps.replace', organization: options.org, params: { id }, body }),
      );
      showChanged(terminal, answer, options.json);
    });

  withOrganization(app.command('remove'))
    .description('remove an app: nobody gets through to it any more')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'apps.remove', organization: options.org, params: { id } }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else terminal.result(writeFacts({ id, removed: true }));
    });

  withOrganization(app.command('secret'))
    .description('make a new client secret; the old one works for the overlap')
    .argument('<id>')
    .option('--overlap <seconds>', 'how long the old secret works', '86400')
    .action(async (id: string, options: CommonOptions & { overlap: string }) => {
      const body = { overlapSeconds: toCount(options.overlap, '--overlap') };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'apps.secret', organization: options.org, params: { id }, body }),
      );
      showChanged(terminal, answer, options.json);
    });
}

function toShortForm(terminal: Terminal, options: CreateOptions): Facts {
  const { id, name, group, host, redirectUri, postLogoutRedirectUri, backchannelLogoutUri, authMethod, jwksUri } =
    options;
  if (name === undefined) throw new UsageError('Give --name, or --file with the whole app.');
  const openid = {
    redirectUris: redirectUri,
    postLogoutRedirectUris: postLogoutRedirectUri,
    backchannelLogoutUri,
    authMethod,
    jwks: options.jwks === undefined ? undefined : readGivenObject(terminal, options.jwks),
    jwksUri,
  };
  const rules = options.public?.map((path) => ({ path, access: 'public' }));
  if (host === undefined && rules !== undefined) throw new UsageError('--public needs --host.');
  const isClient = Object.values(openid).some((value) => value !== undefined);
  return {
    id,
    name,
    groups: group,
    forwardAuth: host === undefined ? undefined : { hosts: host, ...(rules === undefined ? {} : { rules }) },
    openid: isClient ? openid : undefined,
  };
}

/** A client secret alone on standard output, so that it can be put into a variable. */
function showChanged(terminal: Terminal, answer: Facts, json: boolean | undefined): void {
  if (json === true) {
    terminal.result(JSON.stringify(answer));
    return;
  }
  const facts = writeFacts(answer['app'] as Facts);
  const secret = answer['clientSecret'] as string | null;
  if (secret === null) {
    terminal.result(facts);
    return;
  }
  terminal.talk(facts);
  terminal.talk('This is the client secret. It is shown once. Keep it safe:');
  terminal.result(secret);
}
