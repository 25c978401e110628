// Takes a file in: its rows are read as they come and stored in pieces, a hundred rows at a time, so that neither the file nor its rows are ever in
// memory as a whole. A file that cannot be read leaves nothing behind.

import { createHash } from 'node:crypto';
import { createBreath } from '#breath.ts';
import { createTimeOrderedId, type OrganizationId } from '#directory/identifiers.ts';
import { readRows, type CsvRow, type CsvShape, type ReadingOptions } from './csv-reading.ts';
import { restoreCell } from './formula-cells.ts';
import { mostDepartments, type ImportContext } from './import-context.ts';
import { ImportError } from './import-error.ts';
import {
  importFileRecords,
  importRowRecords,
  keptMs,
  numberedId,
  type FileRow,
  type ImportFile,
} from './import-records.ts';
import { createRowCheck } from './row-check.ts';
import { createRowKeys } from './row-keys.ts';
import { decodeText, type TextEncoding } from './text-encoding.ts';

export interface FileOptions extends ReadingOptions {
  /** Null: found out. */
  readonly encoding: TextEncoding | null;
  /** Whether an apostrophe before a formula was put there by an export. */
  readonly neutralised: boolean;
  readonly name?: string;
}

export interface ReceivedFile {
  readonly id: string;
  readonly file: ImportFile;
}

const pieceRows = 100;
const pieceCharacters = 128 * 1024;
const sampleRows = 5;

/** Throws `ImportError`, whatever `bytes` throws, `StorageError`; then nothing of the file is kept. */
export async function receiveFile(
  context: ImportContext,
  organizationId: OrganizationId,
  bytes: AsyncIterable<Uint8Array>,
  options: FileOptions,
): Promise<ReceivedFile> {
  const id = createTimeOrderedId(context.now(), context.randomBytes);
  const store = createPieces(context, organizationId, id);
  try {
    const file = await readFile(context, bytes, options, store);
    const expiresAt = context.now() + keptMs;
    await context.storage.records(importFileRecords).insert({ id, organizationId, expiresAt, value: file });
    return { id, file };
  } catch (error) {
    await discardFile(context, { id, pieces: store.count() });
    throw error;
  }
}

/** Takes back what was stored of a file; what cannot be expires. */
export async function discardFile(
  context: ImportContext,
  { id, pieces }: { readonly id: string; readonly pieces: number },
): Promise<void> {
  try {
    await context.storage.records(importFileRecords).delete(id);
    for (let index = 0; index < pieces; index += 1)
      await context.storage.records(importRowRecords).delete(numberedId(id, index));
  } catch (error) {
    context.reportTrouble('a file that is not imported could not be removed; it expires', error);
  }
}

type Pieces = ReturnType<typeof createPieces>;

function createPieces(context: ImportContext, organizationId: OrganizationId, file: string) {
  let rows: FileRow[] = [];
  let characters = 0;
  let written = 0;
  const flush = async (): Promise<void> => {
    if (rows.length === 0) return;
    const piece = rows;
    [rows, characters] = [[], 0];
    const id = numberedId(file, written);
    written += 1;
    const expiresAt = context.now() + keptMs;
    await context.storage.records(importRowRecords).insert({ id, organizationId, expiresAt, value: { rows: piece } });
  };
  return {
    count: () => written,
    flush,
    /** `alone`: the rows after it must see what it did. `goesOn`: it is about the same as the row before, and planned beside it. */
    async add(row: FileRow, { alone, goesOn }: { readonly alone: boolean; readonly goesOn: boolean }): Promise<void> {
      const isFull = rows.length >= (goesOn ? 2 * pieceRows : pieceRows) || characters >= pieceCharacters;
      if (alone || isFull) await flush();
      rows.push(row);
      characters += row.cells.reduce((sum, cell) => sum + cell.length, 0);
      if (alone) await flush();
    },
  };
}

async function readFile(
  context: ImportContext,
  bytes: AsyncIterable<Uint8Array>,
  options: FileOptions,
  pieces: Pieces,
): Promise<ImportFile> {
  const { kind, preset } = options;
  const counted = { bytes: 0, hash: createHash('sha256') };
  const decoded = decodeText(countBytes(bytes, counted, context.limits.fileBytes), options.encoding);
  const shapes: CsvShape[] = [];
  const keys = createRowKeys(kind);
  const breathe = createBreath(5);
  const mostRows =
    kind === 'departments' ? Math.min(mostDepartments, context.limits.fileRows) : context.limits.fileRows;
  const sample: string[][] = [];
  let check: ReturnType<typeof createRowCheck> | null = null;
  let rows = 0;
  for await (const read of readRows(decoded.text, options, (shape) => shapes.push(shape))) {
    await breathe();
    const [shape] = shapes;
    if (shape === undefined) break;
    check ??= createRowCheck(kind, shape.columns);
    rows += 1;
    if (rows > mostRows) throw new ImportError('fileTooLarge', `A file of ${kind} has at most ${mostRows} rows.`);
    const { row, goesOn } = keys.mark(check.read(restored(read, options.neutralised)), shape.columns);
    if (sample.length < sampleRows) sample.push(row.cells.map((cell) => cell.slice(0, 60)));
    await pieces.add(row, { alone: kind === 'departments' || check.renames(row), goesOn });
  }
  await pieces.flush();
  const [shape] = shapes;
  if (shape === undefined || rows === 0) throw new ImportError('fileEmpty', 'The file has no rows.');
  return {
    ...shape,
    kind,
    preset,
    ...(options.name === undefined ? {} : { name: options.name }),
    encoding: decoded.encoding(),
    bytes: counted.bytes,
    sha256: counted.hash.digest('hex'),
    rows,
    pieces: pieces.count(),
    sample,
  };
}

async function* countBytes(
  bytes: AsyncIterable<Uint8Array>,
  counted: { bytes: number; readonly hash: ReturnType<typeof createHash> },
  limit: number,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of bytes) {
    counted.bytes += chunk.length;
    if (counted.bytes > limit) throw new ImportError('fileTooLarge', `The file is larger than ${limit} bytes.`);
    counted.hash.update(chunk);
    yield chunk;
  }
}

function restored(row: CsvRow, neutralised: boolean): CsvRow {
  return neutralised ? { ...row, cells: row.cells.map(restoreCell) } : row;
}
