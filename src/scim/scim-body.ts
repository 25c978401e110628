// The body of a SCIM request as JSON, and what of it the provisioning log may keep.

import type { IncomingMessage } from 'node:http';
import { readText } from '#http/body-limits.ts';
import { RequestError } from '#http/request-error.ts';
import type { CallNotes } from './call-notes.ts';
import { parseJsonDocument, type JsonDocumentLimits } from './protocol/json-document.ts';
import type { JsonValue } from './protocol/json-value.ts';
import { keepAsSent } from './redaction.ts';

/** Size and media type are HTTP's to refuse, syntax is SCIM's. */
export async function readScimBody(
  request: IncomingMessage,
  limit: number,
  notes: CallNotes,
  limits?: Partial<JsonDocumentLimits>,
): Promise<JsonValue> {
  const mediaType = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  const text = await readText(request, limit);
  if (text !== '' && mediaType !== 'application/scim+json' && mediaType !== 'application/json') {
    throw new RequestError('unsupportedMediaType', 'Send JSON, with Content-Type: application/scim+json.');
  }
  const value = parseJsonDocument(text, limits);
  const kept = keepAsSent(text, notes.unreturned);
  notes.body = kept === undefined ? { value } : { text: kept };
  return value;
}
