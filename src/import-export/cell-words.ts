// Words that cells hold: status, dates, numbers, yes and no. They are read in English and Japanese and in the usual spellings.

import { DirectoryError } from '#directory/directory-error.ts';
import { isCalendarDate } from '#directory/person.ts';
import type { LeaveType } from '#directory/leave.ts';
import type { FileLanguage } from './csv-columns.ts';

function plain(cell: string): string {
  return cell.normalize('NFKC').trim().toLowerCase();
}

const statuses: Readonly<Record<string, 'active' | 'inactive'>> = {
  使用中: 'active',
  active: 'active',
  '1': 'active',
  停止中: 'inactive',
  inactive: 'inactive',
  '0': 'inactive',
};

/** Throws `DirectoryError` `invalidValue`; so do the others. Undefined: an empty cell. */
export function readStatus(cell: string): 'active' | 'inactive' | undefined {
  return readWord(cell, statuses, 'status', 'Status is Active or Inactive (使用中, 停止中, 1, 0).');
}

export function writeStatusWord(isActive: boolean, language: FileLanguage): string {
  if (language === 'ja') return isActive ? '使用中' : '停止中';
  return isActive ? 'Active' : 'Inactive';
}

const answers: Readonly<Record<string, boolean>> = {
  '1': true,
  true: true,
  yes: true,
  delete: true,
  削除: true,
  削除する: true,
  '0': false,
  false: false,
  no: false,
};

export function readYes(cell: string): boolean {
  return readWord(cell, answers, 'delete', 'Delete is 1 or 0.') ?? false;
}

/** Whether a cell asks for a removal, if it is one of these words at all. */
export function isRemoval(cell: string): boolean {
  return answers[plain(cell)] === true;
}

const leaveTypes: Readonly<Record<string, LeaveType>> = {
  leave: 'leave',
  休職: 'leave',
  parental: 'parental',
  '産休・育休': 'parental',
  育休: 'parental',
  産休: 'parental',
  secondment: 'secondment',
  出向: 'secondment',
  other: 'other',
  その他: 'other',
  left: 'left',
  退職: 'left',
  start: 'start',
  入社: 'start',
};

export function readLeaveType(cell: string): LeaveType | undefined {
  return readWord(cell, leaveTypes, 'type', 'Type is leave, parental, secondment, other, left or start.');
}

const seatWords: Readonly<Record<string, 'release' | 'keep'>> = {
  release: 'release',
  空ける: 'release',
  keep: 'keep',
  確保: 'keep',
};

export function readSeat(cell: string): 'release' | 'keep' | undefined {
  return readWord(cell, seatWords, 'seat', 'Seat is release or keep.');
}

function readWord<Value>(
  cell: string,
  words: Readonly<Record<string, Value>>,
  field: string,
  sentence: string,
): Value | undefined {
  const word = plain(cell);
  if (word === '') return undefined;
  if (!Object.hasOwn(words, word)) throw new DirectoryError('invalidValue', sentence, { field });
  return words[word];
}

/** `2027-04-01`, from that or from `2027/4/1`. */
export function readDate(cell: string, field: string): string | undefined {
  const text = plain(cell);
  if (text === '') return undefined;
  const [, year, month, day] = /^(\d{4})[-/](\d{1,2})[-/](\d{1,2})$/.exec(text) ?? [];
  const date = `${year}-${month?.padStart(2, '0')}-${day?.padStart(2, '0')}`;
  if (year === undefined || !isCalendarDate(date))
    throw new DirectoryError('invalidValue', `${field} is a day of the calendar such as 2027-04-01.`, { field });
  return date;
}

export function readWhole(cell: string, field: string): number | undefined {
  const text = plain(cell);
  if (text === '') return undefined;
  const number = Number(text);
  if (!/^-?\d{1,15}$/.test(text) || !Number.isSafeInteger(number))
    throw new DirectoryError('invalidValue', `${field} is a whole number.`, { field });
  return number;
}
