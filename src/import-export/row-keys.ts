// What the rows of a file are about, as they come: which of them say the same, and what a dry run, which writes nothing, must know of those above.

import { createHash } from 'node:crypto';
import { departmentLabel } from '#directory/department.ts';
import { foldCase } from '#directory/identifiers.ts';
import { isRemoval } from './cell-words.ts';
import { mainColumnOf, type ImportKind } from './csv-columns.ts';
import type { FileRow } from './import-records.ts';

export interface RowKeys {
  mark(row: FileRow, columns: readonly string[]): MarkedRow;
}

interface MarkedRow {
  readonly row: FileRow;
  /** It is about the same person as the row before. */
  readonly goesOn: boolean;
}

/** Keeps a digest of 16 bytes and a line number for each row, and no row itself; of those who are renamed the names. */
export function createRowKeys(kind: ImportKind): RowKeys {
  const lines = new Map<string, number>();
  /** By new name: the one that the directory knows. */
  const renamed = new Map<string, string>();
  /** Names that people above had, and gave up. */
  const freed = new Set<string>();
  const fold = kind === 'departments' ? departmentLabel : foldCase;
  let before: string | null = null;

  function markUser(row: FileRow, main: string, login: string, newLogin: string, removes: boolean): FileRow {
    const known = renamed.get(main);
    const isRenamed = newLogin !== '' && newLogin !== '*' && fold(newLogin) !== main;
    const name = fold(newLogin);
    const nameIs = !isRenamed ? undefined : renamed.has(name) ? 'taken' : freed.has(name) ? 'free' : undefined;
    const givesUp = removes || (isRenamed && nameIs !== 'taken');
    if (givesUp) {
      renamed.delete(main);
      freed.add(main);
    }
    if (givesUp && !removes) renamed.set(name, known ?? login);
    return {
      ...row,
      ...(known === undefined ? {} : { knownAs: known }),
      ...(nameIs === undefined ? {} : { nameIs }),
    };
  }

  return {
    mark(row, columns) {
      const cell = (name: string): string => row.cells[columns.indexOf(name)] ?? '';
      const main = fold(cell(mainColumnOf(kind)));
      const goesOn = main === before;
      before = main;
      if (row.fault !== undefined) return { row, goesOn };
      // A person has several leaves: one per type and first day.
      const key = kind === 'leaves' ? digest(main, cell('type').trim(), cell('from').trim()) : digest(main);
      const parent = fold(cell('parent'));
      const isAbove = kind === 'departments' && parent !== '' && lines.has(digest(parent));
      const first = lines.get(key);
      if (first !== undefined) return { row: { ...row, duplicateOf: first }, goesOn };
      lines.set(key, row.line);
      const code = fold(cell('newCode'));
      if (kind === 'departments' && code !== '' && code !== '*' && !lines.has(digest(code)))
        lines.set(digest(code), row.line);
      if (kind === 'users')
        return { row: markUser(row, main, cell('login'), cell('newLogin'), isRemoval(cell('delete'))), goesOn };
      return { row: isAbove ? { ...row, parentAbove: true } : row, goesOn };
    },
  };
}

function digest(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\0')).digest().toString('latin1', 0, 16);
}
