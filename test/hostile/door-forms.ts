// The form each door's answers have, whatever was asked (RFC 7644 3.12, RFC 9865, RFC 9457, surface.md).

import { ERROR_URN } from '#scim/scim-error.ts';
import type { WireAnswer, WireRequest } from './wire.ts';

const scimTypes = new Set(
  (
    'invalidFilter tooMany uniqueness mutability invalidSyntax invalidPath noTarget invalidValue invalidVers sensitive ' +
    'invalidCursor expiredCursor invalidCount'
  ).split(' '),
);

/** Throws with the exchange unless the answer is a success, a redirect, or a refusal in the words of the door that was asked. */
export function assertDoorForm(request: WireRequest, answer: WireAnswer): void {
  const fault = faultOf(request, answer);
  if (fault !== null) throw new Error(`${fault}\n${JSON.stringify(request)}\n${JSON.stringify(answer)}`);
}

function faultOf(request: WireRequest, answer: WireAnswer): string | null {
  const { status, headers, text } = answer;
  const type = headers['content-type'] ?? '';
  if (status < 200 || status >= 500) return `answered ${status}`;
  if (typeof headers['x-request-id'] !== 'string') return 'no request id';
  if (status < 300) return null;
  if (status === 304) return typeof headers.etag === 'string' ? null : 'unchanged, but what?';
  if (status < 400) return typeof headers.location === 'string' ? null : 'a redirect to nowhere';
  const bodyless = request.method === 'HEAD';
  if (!bodyless && text === '') return 'a refusal without a word';
  if (isBelow(request.target, '/scim/v2')) {
    if (type !== 'application/scim+json; charset=utf-8') return `SCIM refused as ${type}`;
    return bodyless ? null : faultOfScimError(status, JSON.parse(text));
  }
  if (type.startsWith('application/problem+json')) return bodyless ? null : faultOfProblem(status, JSON.parse(text));
  // RFC 6749 5.2, and the token endpoint of SCIM has no other form.
  if (isBelow(request.target, '/scim/oauth/token') && !type.startsWith('application/json'))
    return `a token was refused as ${type}`;
  if (
    (isBelow(request.target, '/oidc') || isBelow(request.target, '/scim/oauth/token')) &&
    type.startsWith('application/json')
  )
    return bodyless || typeof JSON.parse(text).error === 'string' ? null : 'an OAuth error without its code';
  if (type.startsWith('application/json') && isSignalDoor(request.target)) {
    const { err, error, ...words } = bodyless ? { err: 'x', description: 'x' } : JSON.parse(text);
    const isWhole =
      typeof (err ?? error) === 'string' && Object.values(words).every((word) => typeof word === 'string');
    return status === 400 && isWhole ? null : 'a refused signal without its code';
  }
  if (isBelow(request.target, '/api')) return `the admin API refused as ${type}`;
  if (type.startsWith('text/html')) return bodyless || /<h1>[^<]+<\/h1>/.test(text) ? null : 'a page without a heading';
  return `refused as ${type}`;
}

function faultOfScimError(status: number, body: Record<string, unknown>): string | null {
  if (JSON.stringify(body['schemas']) !== JSON.stringify([ERROR_URN])) return 'schemas';
  if (body['status'] !== String(status)) return 'status';
  if (typeof body['detail'] !== 'string' || body['detail'] === '') return 'detail';
  const { scimType } = body;
  return scimType === undefined || scimTypes.has(scimType as string) ? null : 'scimType';
}

function faultOfProblem(status: number, body: Record<string, unknown>): string | null {
  if (body['status'] !== status) return 'status';
  for (const name of ['type', 'title', 'detail', 'code', 'instance'])
    if (typeof body[name] !== 'string' || body[name] === '') return name;
  return String(body['type']).endsWith(`#${String(body['code'])}`) ? null : 'type';
}

function isBelow(target: string, mount: string): boolean {
  return target === mount || target.startsWith(`${mount}/`) || target.startsWith(`${mount}?`);
}

/** RFC 8935 2.3 and OpenID Connect Back-Channel Logout 1.0 2.8 have JSON of their own. */
function isSignalDoor(target: string): boolean {
  const [path = ''] = target.split('?', 1);
  return path.endsWith('/security-events') || path.endsWith('/oidc/backchannel-logout');
}
