// What the HR door refuses as a whole. What is wrong with one line is told in that line's outcome.

import { DirectoryError } from '#directory/directory-error.ts';
import { toProblem, type Problem } from '#http/problem-details.ts';

const statusOf = {
  unauthenticated: 401,
  tooManyBadCredentials: 429,
  invalidInput: 400,
  unsupportedMediaType: 415,
  batchNotFound: 404,
  leaveNotFound: 404,
} as const;

export type HrErrorCode = keyof typeof statusOf;

/** `message` is public. */
export class HrError extends Error {
  readonly code: HrErrorCode;
  readonly headers: Readonly<Record<string, string>>;

  constructor(code: HrErrorCode, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.name = 'HrError';
    this.code = code;
    this.headers = headers;
  }
}

/** Null: nobody foresaw it. */
export function toHrProblem(error: unknown): Problem | null {
  if (error instanceof HrError) {
    const { code, message, headers } = error;
    return { status: statusOf[code], code, detail: message, headers };
  }
  if (error instanceof DirectoryError && error.code !== 'tooManyConflicts') {
    const { code, message, details } = error;
    if (code === 'brakeHolds') return { status: 429, code, detail: message, headers: { 'Retry-After': '900' } };
    const status = code.endsWith('NotFound') ? 404 : code === 'invalidValue' ? 400 : 409;
    return { status, code, detail: message, extra: details };
  }
  return toProblem(error);
}
