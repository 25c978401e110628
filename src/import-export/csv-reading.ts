// A file's text to rows, as it comes in: the delimiter and whether the first row is a header are found out from the start of the text; the parsing
// itself is csv-parse's. At most one piece of the text and one record are in memory.

import { once } from 'node:events';
import { parse, type CsvError, type Options } from 'csv-parse';
import { parse as parseAtOnce } from 'csv-parse/sync';
import { columnNamed, columnsOf, mainColumnOf, type ImportKind, type Preset } from './csv-columns.ts';
import { ImportError } from './import-error.ts';

export const delimiters = { comma: ',', tab: '\t', semicolon: ';' } as const;
export type DelimiterName = keyof typeof delimiters;

export interface ReadingOptions {
  readonly kind: ImportKind;
  readonly preset: Preset;
  /** Null: found out. */
  readonly delimiter: DelimiterName | null;
  readonly header: boolean | null;
}

export interface CsvRow {
  /** In the file, from 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** What was found out about the file. */
export interface CsvShape {
  readonly delimiter: DelimiterName;
  readonly header: boolean;
  /** The keys of the columns in the order of the file; cells beyond them belong to pairs, or are too many. */
  readonly columns: readonly string[];
}

/** Characters of one record: the longest honest one, a note and a few names, has far fewer. */
export const longestRecord = 64 * 1024;
const startLength = 64 * 1024;

const common: Options = {
  relax_column_count: true,
  skip_empty_lines: true,
  record_delimiter: ['\r\n', '\n', '\r'],
  max_record_size: longestRecord,
  info: true,
};

/** Reads all rows but the header; `tell` hears of the shape before the first. Throws `ImportError` naming the line. */
export async function* readRows(
  text: AsyncIterable<string>,
  options: ReadingOptions,
  tell: (shape: CsvShape) => void,
): AsyncGenerator<CsvRow> {
  const { start, rest } = await readStart(text);
  const delimiter = options.delimiter ?? detectDelimiter(start);
  const parser = parse({ ...common, delimiter: delimiters[delimiter] });
  const failures: unknown[] = [];
  const feeding = feed(parser, start, rest).catch((error: unknown) => {
    failures.push(error);
    parser.destroy(error as Error);
  });
  const next = { line: 1, empty: 0 };
  let isFirst = true;
  try {
    for await (const { record, info } of parser as AsyncIterable<{ record: string[]; info: { empty_lines: number } }>) {
      // The parser counts a line break inside a cell by its characters.
      next.line += info.empty_lines - next.empty;
      const row: CsvRow = { line: next.line, cells: record };
      next.line += countBreaks(record) + 1;
      next.empty = info.empty_lines;
      if (isFirst) {
        isFirst = false;
        const shape = shapeOf(record, delimiter, options);
        tell(shape);
        if (shape.header) continue;
      }
      yield row;
    }
    await feeding;
  } catch (error) {
    // Whoever waits for room hears of the parser's own failure, too.
    throw refuse(failures[0] ?? error);
  } finally {
    parser.destroy();
    // Who sends the rest hears that nobody reads on.
    rest.return?.().catch(() => undefined);
  }
}

function countBreaks(cells: readonly string[]): number {
  return cells.reduce((sum, cell) => sum + (cell.match(/\r\n|\n|\r/g)?.length ?? 0), 0);
}

async function readStart(text: AsyncIterable<string>): Promise<{ start: string; rest: AsyncIterator<string> }> {
  const rest = text[Symbol.asyncIterator]();
  let start = '';
  while (start.length < startLength) {
    const next = await rest.next();
    if (next.done === true) break;
    start += next.value;
  }
  // A mark that an editor has put there is no part of the first cell.
  return { start: start.startsWith('\uFEFF') ? start.slice(1) : start, rest };
}

async function feed(parser: ReturnType<typeof parse>, start: string, rest: AsyncIterator<string>): Promise<void> {
  for (let piece: string | undefined = start; piece !== undefined; ) {
    if (piece.includes('\0')) throw new ImportError('fileUnreadable', 'The file is no text: it holds a NUL.');
    // Parsing is synchronous: small pieces let the event loop turn in between.
    for (let from = 0; from < piece.length; from += pieceLength) {
      if (parser.destroyed) return;
      if (!parser.write(piece.slice(from, from + pieceLength)))
        await Promise.race([once(parser, 'drain'), once(parser, 'close')]);
    }
    const next: IteratorResult<string> = await rest.next();
    piece = next.done === true ? undefined : next.value;
  }
  parser.end();
}

const pieceLength = 16 * 1024;

/** The one that makes most columns of the first row. */
function detectDelimiter(start: string): DelimiterName {
  let best: DelimiterName = 'comma';
  let most = 1;
  for (const name of Object.keys(delimiters) as DelimiterName[]) {
    const columns = countColumns(start, delimiters[name]);
    if (columns > most) [best, most] = [name, columns];
  }
  return best;
}

function countColumns(start: string, delimiter: string): number {
  try {
    const [first] = parseAtOnce(start, { ...common, info: false, delimiter, to: 1 }) as string[][];
    return first?.length ?? 0;
  } catch {
    return 0;
  }
}

function shapeOf(
  first: readonly string[],
  delimiter: DelimiterName,
  { kind, preset, header }: ReadingOptions,
): CsvShape {
  const usual = columnsOf(kind, preset).map(({ key }) => key);
  const named = first.map((cell) => columnNamed(kind, preset, cell));
  const isHeader = header ?? named[0] !== undefined;
  // Kintone's files have all columns in their order, whatever a header calls them.
  if (!isHeader || preset === 'kintone' || kind === 'memberships')
    return { delimiter, header: isHeader, columns: usual };
  const unknown = first.filter((_cell, index) => named[index] === undefined);
  const columns = named.filter((key) => key !== undefined);
  const main = mainColumnOf(kind);
  if (unknown.length > 0 || new Set(columns).size !== columns.length || !columns.includes(main)) {
    const errors = unknown
      .slice(0, 25)
      .map((cell) => ({ pointer: '/header', detail: `${cell.slice(0, 60)} is not known` }));
    throw new ImportError(
      'columnsUnknown',
      unknown.length > 0
        ? 'The header names columns that are not known. If the first row is no header, say so.'
        : 'The header must name the column people or departments are known by, and each column once.',
      errors,
    );
  }
  return { delimiter, header: true, columns };
}

function refuse(error: unknown): unknown {
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : '';
  if (!code.startsWith('CSV_') && code !== 'INVALID_OPENING_QUOTE') return error;
  const { lines } = error as CsvError & { lines?: number };
  const at = lines === undefined ? '' : ` Line ${lines}.`;
  const words: Readonly<Record<string, string>> = {
    CSV_QUOTE_NOT_CLOSED: 'A quote is opened and never closed.',
    CSV_INVALID_CLOSING_QUOTE: 'After a closing quote comes neither a delimiter nor the end of the row.',
    INVALID_OPENING_QUOTE: 'A quote stands in the middle of a cell that does not begin with one.',
    CSV_MAX_RECORD_SIZE: `A row has more than ${longestRecord} characters.`,
  };
  return new ImportError('fileUnreadable', `${words[code] ?? 'The file is no CSV.'}${at}`);
}
