// The JSON body of an admin request: media type, depth, and keys that no honest client sends (gate.md 9).

import { assertJsonShape } from '#http/body-limits.ts';
import { RequestError } from '#http/request-error.ts';
import { AdminError } from './admin-problem.ts';

const forbiddenKeys = new Set(['__proto__', 'constructor', 'prototype']);
const maximumDepth = 20;
/** The largest honest body, a connection with all its domains, has a few hundred. */
const maximumValues = 2_000;

/** The value of `text`, undefined for no body. Throws `AdminError` or `RequestError`. */
export function parseAdminBody(contentType: string | undefined, text: string): unknown {
  if (text.trim() === '') return undefined;
  if (!/^application\/([a-z0-9.-]+\+)?json\s*(;|$)/i.test(contentType ?? '')) {
    throw new AdminError('unsupportedMediaType', 'Send JSON, with Content-Type: application/json.');
  }
  assertJsonShape(text, maximumDepth, maximumValues);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new RequestError('malformedBody', 'The body is not JSON.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AdminError('invalidInput', 'The body must be a JSON object.');
  }
  assertHarmless(value, '');
  return value;
}

function assertHarmless(value: unknown, pointer: string): void {
  if (typeof value === 'string') {
    if (value.includes('\0')) throw refuse(pointer, 'must not contain NUL');
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  for (const [key, part] of Object.entries(value)) {
    const here = `${pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
    if (forbiddenKeys.has(key) || key.startsWith('$') || key.includes('\0'))
      throw refuse(here, 'is not a name that is accepted');
    assertHarmless(part, here);
  }
}

function refuse(pointer: string, detail: string): AdminError {
  return new AdminError('invalidInput', 'The body is not what is expected here.', { errors: [{ pointer, detail }] });
}
