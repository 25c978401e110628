// Rows to the bytes of a file, one line at a time. Each line is written, read back and compared; one that the encoding cannot say is never written.

import { stringify } from 'csv-stringify/sync';
import { delimiters, type DelimiterName } from './csv-reading.ts';
import { neutraliseCell } from './formula-cells.ts';
import { encodeText, type TextEncoding } from './text-encoding.ts';

export interface WritingOptions {
  readonly encoding: TextEncoding;
  /** For spreadsheets that take UTF-8 for something else without it. */
  readonly mark: boolean;
  readonly delimiter: DelimiterName;
  readonly neutralise: boolean;
}

export const byteOrderMark: Uint8Array = Buffer.from('\uFEFF', 'utf8');

/** A line with its end, or null where the encoding lacks a character of it. */
export function writeLine(cells: readonly string[], options: WritingOptions): Uint8Array | null {
  const shown = options.neutralise ? cells.map(neutraliseCell) : cells;
  const text = stringify([[...shown]], {
    delimiter: delimiters[options.delimiter],
    record_delimiter: '\r\n',
    quoted_match: /[\r\n]/,
  });
  return encodeText(text, options.encoding);
}
