// Imports: a file is sent and becomes a job; it is looked at, run after a dry run, cancelled, undone. What rows do is import-export/.

import {
  cancelImport,
  listJobs,
  readJob,
  startImport,
  undoImport,
  type StoredJob,
} from '#import-export/import-jobs.ts';
import { ImportError } from '#import-export/import-error.ts';
import type { StepRow } from '#import-export/import-records.ts';
import { discardFile, receiveFile } from '#import-export/receive-file.ts';
import { readSteps, writeResult } from '#import-export/result-file.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type Answer, type Call, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { showImport, toImportAnswer } from './import-view.ts';
import { readCursor, toPage, writeCursor } from './paging.ts';

const base = '/organizations/:org/imports';
const one = `${base}/:id`;

export const importOperations: readonly Operation[] = [
  defineOperation({
    id: 'imports.create',
    method: 'post',
    path: base,
    summary: 'Import a CSV file of users, departments, memberships or leaves: a job, which `Location` names',
    query: contract.importQuery,
    body: contract.receivedFile,
    answer: contract.importAnswer,
    status: 202,
    takes: 'text/csv',
    receive: async (context, call, bytes) => {
      const { kind, preset, encoding, delimiter, header, neutralised, name } = call.query;
      const received = await receiveFile(context.imports, call.organization.id, bytes, {
        kind,
        preset,
        encoding: encoding === 'auto' ? charsetOf(call.contentType) : encoding,
        delimiter: delimiter === 'auto' ? null : delimiter,
        header: header === 'auto' ? null : header === 'true',
        neutralised: neutralised === 'true',
        ...(name === undefined ? {} : { name }),
      });
      return {
        body: { file: received.id },
        fingerprint: received.file.sha256,
        discard: () => discardFile(context.imports, { id: received.id, pieces: received.file.pieces }),
      };
    },
    run: async (context, call) => {
      const { removals } = call.query;
      const confirmed = removals === undefined ? {} : { confirmed: removals };
      const start = { file: call.body.file, dryRun: call.query.dryRun === 'true', ...confirmed };
      const job = await startImport(context.imports, call.organization.id, start, call.by);
      context.wakeImports();
      return accepted(call, job);
    },
  }),
  defineOperation({
    id: 'imports.list',
    method: 'get',
    path: base,
    summary: 'Imports of the last 30 days, newest first',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.importAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor);
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const { items, next } = toPage(
        await listJobs(context.imports, call.organization.id, page),
        limit,
        ({ id }) => id,
      );
      return { body: { items: items.map((job) => toImportAnswer(job)), next } };
    },
  }),
  defineOperation({
    id: 'imports.get',
    method: 'get',
    path: one,
    summary: 'One import: progress, counts, what it does to the seats, how the file was read',
    answer: contract.importShown,
    run: async (context, call) => ({
      body: await showImport(
        context,
        call.organization,
        await readJob(context.imports, call.organization.id, idOf(call)),
      ),
    }),
  }),
  defineOperation({
    id: 'imports.rows',
    method: 'get',
    path: `${one}/rows`,
    summary: 'What became of each row, or would, with what differs before and after',
    query: contract.importRowsQuery,
    answer: contract.pageOf(contract.importRow),
    run: async (context, call) => {
      const { limit, cursor, outcome } = call.query;
      const job = await readJob(context.imports, call.organization.id, idOf(call));
      const items: StepRow[] = [];
      const place = toPlace(readCursor(cursor));
      for await (const { step, rows } of readSteps(context.imports, job, place.step)) {
        for (const [index, row] of rows.entries()) {
          if (step === place.step && index < place.row) continue;
          if (outcome !== undefined && row.outcome !== outcome) continue;
          if (items.length === limit)
            return { body: { items: items.map(toRowAnswer), next: writeCursor(`${step}:${index}`) } };
          items.push(row);
        }
      }
      return { body: { items: items.map(toRowAnswer), next: null } };
    },
  }),
  defineOperation({
    id: 'imports.result',
    method: 'get',
    path: `${one}/result`,
    summary: 'What became of each row, as a CSV file',
    answer: contract.importRow,
    gives: 'text/csv',
    run: async (context, call) => {
      const job = await readJob(context.imports, call.organization.id, idOf(call));
      const content = writeResult(context.imports, job);
      return { body: null, file: { type: 'text/csv; charset=utf-8', name: `import-${job.id}.csv`, content } };
    },
  }),
  defineOperation({
    id: 'imports.run',
    method: 'post',
    path: `${one}/run`,
    summary: 'Run the file of a dry run: the rows that can be are carried out',
    body: contract.importRun,
    answer: contract.importAnswer,
    status: 202,
    run: async (context, call) => {
      const dry = await readJob(context.imports, call.organization.id, idOf(call));
      const { removals } = call.body;
      if (!dry.value.dryRun) throw new ImportError('importState', 'Only a dry run can be run.');
      if (dry.value.state !== 'done')
        throw new ImportError('importState', `This dry run is ${dry.value.state}; it can be run once it is done.`);
      if (removals !== undefined && removals !== dry.value.leftOut?.token)
        throw new ImportError('removalsChanged', 'This is not the list of departments that the dry run showed.');
      const confirmed = removals === undefined ? {} : { confirmed: removals };
      const start = { file: dry.value.file, dryRun: false, ...confirmed };
      const job = await startImport(context.imports, call.organization.id, start, call.by);
      context.wakeImports();
      return accepted(call, job);
    },
  }),
  defineOperation({
    id: 'imports.cancel',
    method: 'post',
    path: `${one}/cancel`,
    summary: 'Stop an import: what is done stays, and can be undone',
    answer: contract.importAnswer,
    run: async (context, call) => ({
      body: toImportAnswer(await cancelImport(context.imports, call.organization.id, idOf(call), call.by)),
    }),
  }),
  defineOperation({
    id: 'imports.undo',
    method: 'post',
    path: `${one}/undo`,
    summary: 'Take an import back; what somebody changed since stays, and the result lists it',
    answer: contract.importAnswer,
    status: 202,
    run: async (context, call) => {
      const job = await undoImport(context.imports, call.organization.id, idOf(call), call.by);
      context.wakeImports();
      return accepted(call, job);
    },
  }),
];

function idOf(call: Pick<Call<unknown, unknown>, 'params'>): string {
  return paramOf(call, 'id');
}

function accepted(call: Pick<Call<unknown, unknown>, 'organization'>, job: StoredJob): Answer {
  return {
    body: toImportAnswer(job),
    headers: { Location: `/api/v1/organizations/${call.organization.id}/imports/${job.id}` },
  };
}

/** A charset that the sender names, else null. Throws `unsupportedMediaType`. */
function charsetOf(contentType: string): 'utf-8' | 'shift_jis' | null {
  if (!/^(text\/(csv|plain|tab-separated-values)|application\/(csv|octet-stream))\s*(;|$)/i.test(contentType))
    throw new AdminError('unsupportedMediaType', 'Send the file itself, with Content-Type: text/csv.');
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(contentType)?.[1]?.toLowerCase();
  if (charset === undefined) return null;
  if (charset === 'utf-8' || charset === 'utf8' || charset === 'us-ascii') return 'utf-8';
  if (['shift_jis', 'sjis', 'windows-31j', 'cp932', 'ms932'].includes(charset)) return 'shift_jis';
  throw new AdminError(
    'unsupportedMediaType',
    `charset ${charset.slice(0, 40)} is not known here; use utf-8 or shift_jis.`,
  );
}

function toPlace(text: string | undefined): { readonly step: number; readonly row: number } {
  if (text === undefined) return { step: 0, row: 0 };
  const [, step, row] = /^(\d{1,7}):(\d{1,5})$/.exec(text) ?? [];
  if (step === undefined)
    throw new AdminError('invalidCursor', 'This cursor is none of ours; start again without one.');
  return { step: Number(step), row: Number(row) };
}

function toRowAnswer(row: StepRow) {
  const { line, key: name, outcome, action, code, detail, warnings = [], difference, change, undo, undoDetail } = row;
  const { before, after } = difference ?? {};
  const given = Object.entries({ action, code, detail, before, after, change, undo, undoDetail });
  const known = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return { line: line === 0 ? null : line, name, outcome, warnings, ...known };
}
