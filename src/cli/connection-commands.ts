// connection add | list | test | pull | batches | undo-batch | brake

import { collect, withOrganization, type CommonOptions } from './command-options.ts';
import { insideHouse, listAll, runOperation } from './command-run.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import type { CommandPlace } from './command-place.ts';
import { readGiven, readGivenObject, writeFacts, writeTable, type Terminal } from './terminal.ts';

interface AddOptions extends CommonOptions {
  readonly kind?: string;
  readonly file?: string;
  readonly id?: string;
  readonly name?: string;
  readonly domain?: readonly string[];
  readonly match?: string;
  readonly issuer?: string;
  readonly clientId?: string;
  readonly clientSecretFile?: string;
  readonly metadata?: string;
  readonly metadataUrl?: string;
  readonly entityId?: string;
  readonly ssoUrl?: string;
  readonly certificate?: readonly string[];
}

interface BrakeOptions extends CommonOptions {
  readonly release?: boolean;
  readonly keep?: boolean;
  readonly minutes?: string;
  readonly atMost?: string;
}

const batchColumns = ['id', 'at', 'source', 'changed', 'failed', 'in', 'out', 'undone'];

export function addConnectionCommands({ program, terminal, endWith }: CommandPlace): void {
  const connection = program
    .command('connection')
    .description('outside systems: SAML and OIDC to sign in, SCIM and HR to provision');

  withOrganization(connection.command('add'))
    .description('add a connection, by options or from a JSON file in the API’s form')
    .option('--kind <kind>', 'oidc, saml, scim or hr')
    .option('--file <path>', 'JSON as for the admin API; "-" is standard input')
    .option('--id <id>', 'made from the name unless given')
    .option('--name <name>')
    .option('--domain <domain>', 'e-mail domain routed to it; may be repeated', collect)
    .option('--match <rule>', 'how a person is found: userName, externalId, email or off')
    .option('--issuer <url>', 'oidc')
    .option('--client-id <id>', 'oidc')
    .option('--client-secret-file <path>', 'oidc; "-" is standard input')
    .option('--metadata <path>', 'saml: the identity provider’s metadata file')
    .option('--metadata-url <url>', 'saml: where its metadata is fetched from, now and again')
    .option('--entity-id <id>', 'saml')
    .option('--sso-url <url>', 'saml')
    .option('--certificate <path>', 'saml: PEM file; may be repeated', collect)
    .action(async (options: AddOptions) => {
      const body =
        options.file === undefined ? toShortForm(terminal, options) : readGivenObject(terminal, options.file);
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'connections.add', organization: options.org, body }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else terminal.result(writeFacts(answer['connection'] as Record<string, unknown>));
    });

  withOrganization(connection.command('list'))
    .description('list connections')
    .action(async (options: CommonOptions) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'connections.list', organization: options.org }),
      );
      const rows = items.map((item) => ({
        ...item,
        signIn: kindOf(item['signIn']),
        provisioning: kindOf(item['provisioning']),
      }));
      terminal.result(
        options.json === true
          ? JSON.stringify(items)
          : writeTable(['id', 'name', 'signIn', 'provisioning', 'match'], rows),
      );
    });

  withOrganization(connection.command('test'))
    .description('try a connection without signing anyone in; exit code 1 when a check fails')
    .argument('<id>')
    .action(async (id: string, options: CommonOptions) => {
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'connections.test', organization: options.org, params: { id } }),
      );
      const checks = answer['checks'] as readonly Record<string, unknown>[];
      terminal.result(options.json === true ? JSON.stringify(answer) : writeTable(['check', 'ok', 'detail'], checks));
      if (answer['ok'] !== true) endWith(exitCodes.failed);
    });

  withOrganization(connection.command('pull'))
    .description(
      'fetch from the HR system now; exit code 1 when it cannot be read, 6 when lines failed or it goes on later',
    )
    .argument('<id>')
    .option('--dry-run', 'read everything, store nothing, tell what would be')
    .action(async (id: string, options: CommonOptions & { readonly dryRun?: boolean }) => {
      const query = { dryRun: String(options.dryRun === true) };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'connections.pull', organization: options.org, params: { id }, query }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else {
        const results = answer['results'] as readonly Readonly<Record<string, unknown>>[];
        if (results.length > 0)
          terminal.result(writeTable(['user', 'outcome', 'status', 'detail'], results.map(toRow)));
        const { outcome, error } = answer;
        const counts = answer['counts'] as Readonly<Record<string, unknown>>;
        terminal.result(writeFacts({ outcome, ...(error === undefined ? {} : { error }), ...counts }));
      }
      const { failed } = answer['counts'] as Readonly<Record<string, number>>;
      if (answer['outcome'] === 'failed') endWith(exitCodes.failed);
      else if (answer['outcome'] !== 'done' || (failed ?? 0) > 0) endWith(exitCodes.partlyDone);
    });

  withOrganization(connection.command('batches'))
    .description('what an HR connection reported in the last 30 days, sent or fetched, newest first')
    .argument('<id>')
    .action(async (id: string, { org, json }: CommonOptions) => {
      const items = await insideHouse(terminal, (house) =>
        listAll(house, { operation: 'connections.batches', organization: org, params: { id } }),
      );
      terminal.result(json === true ? JSON.stringify(items) : writeTable(batchColumns, items.map(toBatchRow)));
    });

  withOrganization(connection.command('undo-batch'))
    .description('take back what a batch of an HR connection did; exit code 6 when a rule refused some lines')
    .argument('<id>')
    .argument('<batch>', 'its id, as `connection batches` shows it')
    .action(async (id: string, batch: string, { org, json }: CommonOptions) => {
      const params = { id, batch };
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'connections.undoBatch', organization: org, params }),
      );
      const lines = answer['lines'] as Readonly<Record<string, number>>;
      terminal.result(json === true ? JSON.stringify(answer) : writeFacts({ batch, ...lines }));
      if ((lines['refused'] ?? 0) > 0) endWith(exitCodes.partlyDone);
    });

  withOrganization(connection.command('brake'))
    .description('decide about a brake for mass change')
    .argument('<id>')
    .option('--release', 'let everything through for a while')
    .option('--keep', 'go on refusing')
    .option('--minutes <n>', 'of a release, 60 unless given')
    .option('--at-most <n>', 'of a release: how many, then it counts again')
    .action(async (id: string, options: BrakeOptions) => {
      if ((options.release === true) === (options.keep === true)) throw new UsageError('Give --release or --keep.');
      const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
      const release = { decision: 'release', minutes: number(options.minutes), atMost: number(options.atMost) };
      const given = options.keep === true ? { decision: 'keep' } : release;
      const body = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
      const answer = await insideHouse(terminal, (house) =>
        runOperation(house, { operation: 'connections.decideBrake', organization: options.org, params: { id }, body }),
      );
      if (options.json === true) terminal.result(JSON.stringify(answer));
      else terminal.result(writeFacts(answer['brake'] as Record<string, unknown>));
    });
}

function toBatchRow({ summary, people, undone, ...batch }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { changed, failed } = summary as Readonly<Record<string, unknown>>;
  const { in: came, out } = people as Readonly<Record<string, unknown>>;
  const { at } = (undone ?? {}) as Readonly<Record<string, unknown>>;
  return { ...batch, changed, failed, in: came, out, undone: at ?? '' };
}

function toRow({ user, outcome, detail }: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { userName, status } = (user ?? {}) as Readonly<Record<string, unknown>>;
  return { user: userName ?? '', outcome, status: status ?? '', detail: detail ?? '' };
}

function toShortForm(terminal: Terminal, options: AddOptions): Readonly<Record<string, unknown>> {
  if (options.kind === undefined) throw new UsageError('Give --kind, or --file with the whole connection.');
  const { kind, id, name, domain, match, issuer, clientId, metadataUrl, entityId, ssoUrl } = options;
  const read = (path: string | undefined) => (path === undefined ? undefined : readGiven(terminal, path));
  return {
    kind,
    id,
    name,
    domains: domain,
    match,
    issuer,
    clientId,
    clientSecret: read(options.clientSecretFile)?.trim(),
    metadata: read(options.metadata),
    metadataUrl,
    entityId,
    ssoUrl,
    certificates: options.certificate?.map((path) => readGiven(terminal, path)),
  };
}

function kindOf(part: unknown): unknown {
  return typeof part === 'object' && part !== null && 'kind' in part ? part.kind : undefined;
}
