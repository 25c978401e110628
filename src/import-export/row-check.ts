// What can be said of a row without looking at the directory: how many cells it has, and that none of them holds what must not be stored.

import type { ImportKind } from './csv-columns.ts';
import { mainColumnOf } from './csv-columns.ts';
import type { CsvRow } from './csv-reading.ts';
import type { FileRow } from './import-records.ts';

/** In how many departments one row may place a person. */
const mostPairs = 100;
/** What no text of the directory holds; line breaks and tabs may stand in notes. */
const controls = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/; // oxlint-disable-line no-control-regex

export interface RowCheck {
  read(row: CsvRow): FileRow;
  /** Whether rows after it may name people or departments as this one calls them. */
  renames(row: FileRow): boolean;
}

export function createRowCheck(kind: ImportKind, columns: readonly string[]): RowCheck {
  const password = columns.indexOf('password');
  const main = columns.indexOf(mainColumnOf(kind));
  const renamed = columns.indexOf('newLogin');
  return {
    read({ line, cells: read }) {
      const secret = password === -1 ? '' : (read[password] ?? '');
      // A password is never stored, not even to be refused.
      const cells = secret === '' ? read : read.map((cell, index) => (index === password ? '*' : cell));
      const refuse = (code: string, detail: string): FileRow => ({ line, cells, fault: { code, detail } });
      if (kind === 'memberships') {
        if (cells.length > 1 + 2 * mostPairs)
          return refuse('wrongColumns', `A person may be in at most ${mostPairs} departments.`);
      } else if (cells.length !== columns.length) {
        return refuse('wrongColumns', `The row has ${cells.length} cells instead of ${columns.length}.`);
      }
      if (cells.some((cell) => controls.test(cell))) return refuse('invalidValue', 'A cell holds a control character.');
      if (['', '*'].includes((cells[main] ?? '').trim()))
        return refuse('invalidValue', 'The row names nobody and nothing.');
      if (secret !== '' && secret !== '*')
        return refuse('passwordRefused', 'Passwords are not imported: people sign in through their identity provider.');
      return { line, cells };
    },
    renames({ cells }) {
      const name = cells[renamed] ?? '';
      return renamed !== -1 && name !== '' && name !== '*' && name !== cells[main];
    },
  };
}
