// import FILE | export KIND. The command works on its import itself; a server on the same store, which may be faster, is waited for.

import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { readOrganization, type Answer } from '#admin/admin-operation.ts';
import { operationOf } from '#admin/operations.ts';
import { isFinished } from '#import-export/import-jobs.ts';
import { importJobRecords, type ImportJob } from '#import-export/import-records.ts';
import { runImport } from '#import-export/run-import.ts';
import type { House } from '../server.ts';
import { withOrganization, type CommonOptions } from './command-options.ts';
import type { CommandPlace } from './command-place.ts';
import { byCli, insideHouse, runOperation } from './command-run.ts';
import { exitCodes, UsageError } from './exit-code.ts';
import { createProgress } from './progress.ts';
import { inOneLine, writeFacts, writeTable, type Terminal } from './terminal.ts';

type Facts = Readonly<Record<string, unknown>>;

interface ImportOptions extends CommonOptions {
  readonly kind?: string;
  readonly preset?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly header?: string;
  readonly asIs?: true;
  readonly dryRun?: true;
  readonly removals?: string;
  readonly result?: string;
  readonly undo?: string;
}

interface ExportOptions extends CommonOptions {
  readonly preset?: string;
  readonly encoding?: string;
  readonly delimiter?: string;
  readonly header: boolean;
  readonly language?: string;
  readonly asIs?: true;
  readonly output?: string;
}

const shownRows = 50;
const patienceMs = 500;

export function addImportCommands({ program, terminal, endWith }: CommandPlace): void {
  withOrganization(program.command('import'))
    .description('read a CSV file of users, departments, memberships or leaves; or take such an import back')
    .argument('[file]', 'the file; - for standard input')
    .option('--kind <kind>', 'users, departments, memberships or leaves', 'users')
    .option('--preset <preset>', 'furlough, or kintone: its columns in their order')
    .option('--encoding <encoding>', 'utf-8 or shift_jis; found out unless given')
    .option('--delimiter <delimiter>', 'comma, tab or semicolon; found out unless given')
    .option('--header <answer>', 'true or false: whether the first row names the columns; found out unless given')
    .option('--as-is', 'an apostrophe before a formula belongs to the cell')
    .option('--dry-run', 'say what each row would do, and do nothing')
    .option('--removals <token>', 'of departments: those the file leaves out go; the token is what a dry run shows')
    .option('--result <file>', 'write what became of each row there, as CSV')
    .option('--undo <import>', 'take this import back')
    .action(async (path: string | undefined, options: ImportOptions) => {
      if ((path === undefined) === (options.undo === undefined))
        throw new UsageError('Give a file, or an import to undo.');
      const { answer, rows } = await insideHouse(terminal, async (house) => {
        const id = path === undefined ? await beginUndo(house, options) : await begin(house, terminal, path, options);
        await follow(house, terminal, id);
        const params = { id };
        if (options.result !== undefined) await writeResult(house, terminal, options.org, id, options.result);
        return {
          answer: await runOperation(house, { operation: 'imports.get', organization: options.org, params }),
          rows: await listTroubles(house, options.org, id),
        };
      });
      terminal.result(options.json === true ? JSON.stringify(answer) : writeImport(answer, rows));
      if (isPartly(answer)) endWith(exitCodes.partlyDone);
    });

  withOrganization(program.command('export'))
    .description('write a CSV file that import reads back')
    .argument('[kind]', 'users, departments, memberships or leaves', 'users')
    .option('--preset <preset>', 'furlough, or kintone')
    .option('--encoding <encoding>', 'utf-8, utf-8-bom or shift_jis')
    .option('--delimiter <delimiter>', 'comma, tab or semicolon')
    .option('--no-header', 'without a row that names the columns')
    .option('--language <language>', 'of header and status: en or ja')
    .option('--as-is', 'no apostrophe before cells that a spreadsheet would calculate')
    .option('--output <file>', 'instead of standard output')
    .action(async (kind: string, options: ExportOptions) => {
      await insideHouse(terminal, (house) => exportTo(house, terminal, kind, options));
    });
}

/** Takes the file in and starts the import. */
async function begin(house: House, terminal: Terminal, path: string, options: ImportOptions): Promise<string> {
  const { org, kind, preset, encoding, delimiter, header, asIs, dryRun, removals } = options;
  const operation = operationOf('imports.create');
  const given = { kind, preset, encoding, delimiter, header, removals, dryRun: dryRun && 'true' };
  const named = { ...given, name: path === '-' ? undefined : basename(path), neutralised: asIs && 'false' };
  const query = Object.fromEntries(Object.entries(named).filter(([, value]) => value !== undefined));
  const organization = await readOrganization(house.admin, org);
  const call = { organization, reachesAll: true, params: { org }, query, by: byCli };
  const bytes = openFile(terminal, path);
  const received = await operation.receive?.(house.admin, { ...call, body: undefined, contentType: 'text/csv' }, bytes);
  const answer = await operation.run(house.admin, { ...call, body: received?.body });
  return (answer.body as { readonly id: string }).id;
}

function openFile(terminal: Terminal, path: string): AsyncIterable<Uint8Array> {
  if (path === '-') return terminal.openInput?.() ?? Readable.from([Buffer.from(terminal.readInput(), 'utf8')]);
  const file = resolve(terminal.folder, path);
  if (!existsSync(file)) throw new UsageError(`${path} cannot be read.`);
  return createReadStream(file);
}

async function beginUndo(house: House, { org, undo = '' }: ImportOptions): Promise<string> {
  const answer = await runOperation(house, { operation: 'imports.undo', organization: org, params: { id: undo } });
  return String(answer['id']);
}

/** Until it is done, here or on another node. */
async function follow(house: House, terminal: Terminal, id: string): Promise<void> {
  const progress = createProgress(terminal, 'rows');
  let last: ImportJob | undefined;
  const tell = (job: ImportJob): void => {
    last = job;
    const isUndo = job.undo !== undefined;
    if (isUndo) progress.show(job.steps - (job.undo?.position ?? 0), job.steps);
    else progress.show(job.rowsDone, job.rows);
  };
  try {
    for (;;) {
      await runImport(house.admin.imports, id, tell);
      if (last !== undefined && isFinished(last)) return;
      await new Promise((wait) => setTimeout(wait, patienceMs));
      // The node that works on it says how far it is.
      const stored = await house.admin.storage.records(importJobRecords).get(id, house.admin.now());
      if (stored === null) return;
      tell(stored.value);
    }
  } finally {
    progress.stop();
  }
}

/** The first rows that could not be done, or could not be taken back. */
async function listTroubles(house: House, organization: string, id: string): Promise<readonly Facts[]> {
  const found: Facts[] = [];
  for (const outcome of ['error', 'blocked', 'duplicate']) {
    const query = { outcome, limit: shownRows };
    const page = await runOperation(house, { operation: 'imports.rows', organization, params: { id }, query });
    found.push(...(page['items'] as readonly Facts[]));
  }
  return found.slice(0, shownRows);
}

async function writeResult(house: House, terminal: Terminal, organization: string, id: string, path: string) {
  const answer = await runFileOperation(house, organization, 'imports.result', { id }, {});
  if (answer.file !== undefined)
    await pipeline(Readable.from(answer.file.content), createWriteStream(resolve(terminal.folder, path)));
}

async function exportTo(house: House, terminal: Terminal, kind: string, options: ExportOptions): Promise<void> {
  if (!['users', 'departments', 'memberships', 'leaves'].includes(kind))
    throw new UsageError('Export users, departments, memberships or leaves.');
  const { org, preset, encoding, delimiter, header, language, asIs, output } = options;
  const given = { preset, encoding, delimiter, language, header: String(header), neutralise: asIs && 'false' };
  const query = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const { file } = await runFileOperation(house, org, `exports.${kind}`, {}, query);
  if (file === undefined) return;
  if (output !== undefined) {
    await pipeline(Readable.from(file.content), createWriteStream(resolve(terminal.folder, output)));
    return;
  }
  for await (const piece of file.content) {
    if (terminal.writeBytes === undefined) terminal.result(Buffer.from(piece).toString('utf8').trimEnd());
    else await terminal.writeBytes(piece);
  }
}

async function runFileOperation(
  house: House,
  org: string,
  id: string,
  params: Readonly<Record<string, string>>,
  query: Facts,
): Promise<Answer> {
  const organization = await readOrganization(house.admin, org);
  const call = { organization, reachesAll: true, params: { org, ...params }, query, body: undefined, by: byCli };
  return operationOf(id).run(house.admin, call);
}

function isPartly(answer: Facts): boolean {
  if (answer['state'] === 'stopped') return true;
  const { blocked = 0, error = 0, duplicate = 0 } = answer['outcomes'] as Readonly<Record<string, number>>;
  const undo = answer['undo'] as Readonly<Record<string, number>> | undefined;
  if (undo !== undefined)
    return ['partly', 'changedSince', 'gone', 'blocked'].some((outcome) => (undo[outcome] ?? 0) > 0);
  return blocked + error + duplicate > 0;
}

function writeImport(answer: Facts, rows: readonly Facts[]): string {
  const { id, kind, state, dryRun, outcomes, actions, seats, leftOut, undo, file, warnings } = answer;
  const { licensed, before, after, change, passedOn, waiting } = (seats ?? {}) as Facts;
  const toLine = Number(passedOn) > 0 ? `, ${inOneLine(passedOn)} to people who wait` : '';
  const read = file as Facts | undefined;
  const left = leftOut as { token: string; count: number; removed: boolean; departments: readonly Facts[] } | undefined;
  const facts = {
    import: id,
    kind,
    state: dryRun === true ? `${inOneLine(state)} (dry run)` : state,
    ...(read === undefined
      ? {}
      : {
          read: `${String(read['encoding'])}, ${String(read['delimiter'])}, ${read['header'] === true ? 'with' : 'no'} header`,
        }),
    ...(outcomes as Facts),
    ...(Object.keys((actions ?? {}) as Facts).length === 0 ? {} : { actions }),
    ...(seats === undefined
      ? {}
      : {
          seats: `${inOneLine(before)} -> ${inOneLine(after)} (${Number(change) > 0 ? '+' : ''}${inOneLine(change)}${toLine}) of ${inOneLine(licensed ?? 'unlimited')}, ${inOneLine(waiting)} more waiting`,
        }),
    ...(left === undefined || left.count === 0
      ? {}
      : {
          leftOut: `${left.count} departments ${left.removed ? 'removed' : `stay; to remove them: --removals ${left.token}`}`,
        }),
    ...(undo === undefined ? {} : { undo }),
  };
  const parts = [writeFacts(facts), ...((warnings ?? []) as readonly string[]).map(inOneLine)];
  if (left !== undefined && left.count > 0 && !left.removed)
    parts.push(`Left out\n${writeTable(['code', 'name'], left.departments)}`);
  if (rows.length > 0) parts.push(writeTable(['line', 'name', 'outcome', 'code', 'detail'], rows));
  return parts.join('\n\n');
}
