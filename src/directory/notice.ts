// A notice: what people with a role in an organisation should hear without having to look. Stored, and mailed where mail is configured.

import type { Role } from './user.ts';

/** Each has `notice.CODE.title` and `notice.CODE.text` in the message catalogue. */
export const noticeCodes = [
  'leaveReturnBlocked',
  'seatThreshold',
  'seatShortage',
  'contractBelowUse',
  'returnWithoutSeat',
  'leaveNotStarted',
  'dormancyRun',
  'dormantSignIn',
  'brakeHolds',
  'brakeWarns',
  'hrPullFailing',
] as const;
export type NoticeCode = (typeof noticeCodes)[number];

export function isNoticeCode(text: string): text is NoticeCode {
  return (noticeCodes as readonly string[]).includes(text);
}

export interface Notice {
  readonly code: NoticeCode;
  readonly level: 'information' | 'warning' | 'important';
  /** What the texts name, as text; a date is an ISO date, for the reader's language to format. */
  readonly values: Readonly<Record<string, string>>;
  /** Who is told: everyone active who has one of these roles. */
  readonly roles: readonly Role[];
  /** What it is about, for a link. */
  readonly about?: { readonly kind: string; readonly id: string };
}
