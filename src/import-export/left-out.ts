// Departments that a file leaves out. Kintone deletes them; here they are listed, and go only when somebody has confirmed that very list.

import { createHash } from 'node:crypto';
import { createBreath } from '#breath.ts';
import { departmentLabel, type Department } from '#directory/department.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import type { ImportContext } from './import-context.ts';
import { importRowRecords, keptMs, numberedId, type FileRow, type ImportFile } from './import-records.ts';

const page = 500;
const pieceRows = 100;

export interface LeftOut {
  /** Stands for the list: it is another one as soon as the list is. */
  readonly token: string;
  readonly count: number;
}

/** Lists them, those with nothing below them first, and keeps the list beside the import. Throws `StorageError`. */
export async function listLeftOut(
  context: ImportContext,
  organizationId: OrganizationId,
  importId: string,
  fileId: string,
  file: ImportFile,
): Promise<LeftOut> {
  const named = await readCodes(context, fileId, file);
  const reader = createDepartmentReader(context.storage, context.now);
  const breathe = createBreath(5);
  const left: Department[] = [];
  for (let after: string | undefined; ; ) {
    const some = await reader.list(organizationId, { limit: page, ...(after === undefined ? {} : { after }) });
    for (const department of some) {
      await breathe();
      if (!named.has(departmentLabel(department.profile.code ?? department.id))) left.push(department);
    }
    after = some.at(-1)?.id;
    if (some.length < page) break;
  }
  left.sort((a, b) => a.height - b.height || (a.id < b.id ? -1 : 1));
  await keepList(context, organizationId, importId, left);
  const ids = left.map(({ id }) => id).toSorted();
  return { token: createHash('sha256').update(ids.join('\n')).digest('hex').slice(0, 32), count: left.length };
}

/** The codes of the file: of at most so many rows as a file of departments may have. */
async function readCodes(context: ImportContext, fileId: string, file: ImportFile): Promise<ReadonlySet<string>> {
  const named = new Set<string>();
  const at = ['code', 'newCode'].map((column) => file.columns.indexOf(column)).filter((index) => index !== -1);
  for (let from = 0; from < file.pieces; from += page) {
    const ids = Array.from({ length: Math.min(page, file.pieces - from) }, (_, index) =>
      numberedId(fileId, from + index),
    );
    for (const { value } of await context.storage.records(importRowRecords).getMany(ids, context.now()))
      for (const { cells } of value.rows) for (const index of at) named.add(departmentLabel(cells[index] ?? ''));
  }
  return named;
}

async function keepList(
  context: ImportContext,
  organizationId: OrganizationId,
  importId: string,
  left: readonly Department[],
): Promise<void> {
  const records = context.storage.records(importRowRecords);
  for (let from = 0; from < left.length; from += pieceRows) {
    const rows = left
      .slice(from, from + pieceRows)
      .map(({ id, profile }): FileRow => ({ line: 0, cells: [id, profile.code ?? id, profile.name] }));
    const id = leftOutId(importId, from / pieceRows);
    // A node that died here has left a list of before.
    await records.delete(id);
    await records.insert({ id, organizationId, expiresAt: context.now() + keptMs, value: { rows } });
  }
}

function leftOutId(importId: string, piece: number): string {
  return numberedId(`${importId}/left`, piece);
}

/** The department at a place of the list: its id, its code, its name. */
export async function readLeftOut(context: ImportContext, importId: string, index: number): Promise<FileRow | null> {
  const id = leftOutId(importId, Math.floor(index / pieceRows));
  const found = await context.storage.records(importRowRecords).get(id, context.now());
  return found?.value.rows[index % pieceRows] ?? null;
}

/** The beginning of the list, for whoever is to confirm it. */
export async function readFirstLeftOut(context: ImportContext, importId: string): Promise<readonly FileRow[]> {
  const found = await context.storage.records(importRowRecords).get(leftOutId(importId, 0), context.now());
  return found?.value.rows ?? [];
}
