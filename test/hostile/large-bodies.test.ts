// F01 F04: bodies just within the limit, shaped to cost a reader as much as they can: each is answered in the door's words and holds nobody up.

import { watchLoopStall, withoutStall, type LoopStall } from '../harness/loop-stall.ts';
import { assertDoorForm } from './door-forms.ts';
import { openHostileHouse, USER, type HostileHouse } from './hostile-house.ts';
import type { WireRequest } from './wire.ts';

const limit = 1_048_576;
let house: HostileHouse;
let stall: LoopStall;
beforeAll(async () => {
  house = await openHostileHouse('sqlite');
  stall = watchLoopStall();
});
afterAll(async () => {
  stall.stop();
  await house.stop();
});

/** As many repetitions as fit between `before` and `after`. */
function fill(before: string, piece: (at: number) => string, after: string, most = Number.MAX_SAFE_INTEGER): string {
  const pieces: string[] = [];
  let size = before.length + after.length;
  for (let at = 0; at < most; at += 1) {
    const next = `${at === 0 ? '' : ','}${piece(at)}`;
    size += Buffer.byteLength(next);
    if (size >= limit) break;
    pieces.push(next);
  }
  return before + pieces.join('') + after;
}

const start = `{"schemas":["${USER}"],"userName":"large@scim.test"`;
const patch = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[';
const search = '{"schemas":["urn:ietf:params:scim:api:messages:2.0:SearchRequest"],';
const scimBodies: readonly (readonly [string, string, string, string])[] = [
  ['one long text', 'POST', 'Users', `${start},"title":"${'a'.repeat(1_000_000)}"}`],
  ['many e-mails', 'POST', 'Users', fill(`${start},"emails":[`, (at) => `{"value":"${at}@x.test"}`, ']}')],
  ['many empty e-mails', 'POST', 'Users', fill(`${start},"emails":[`, () => '{}', ']}')],
  [
    'many equal e-mails',
    'POST',
    'Users',
    fill(`${start},"emails":[`, () => '{"value":"a@x.test","type":"work","primary":true}', ']}'),
  ],
  ['many unknown names', 'POST', 'Users', fill(`${start},`, (at) => `"x${at}":1`, '}')],
  ['many dotted names', 'POST', 'Users', fill(`${start},`, (at) => `"name.x${at}":1`, '}')],
  ['many spellings of a name', 'POST', 'Users', fill(`${start},`, (at) => `"${spell('displayname', at)}":"x"`, '}')],
  ['many schemas', 'POST', 'Users', fill(`{"userName":"large@scim.test","schemas":[`, (at) => `"urn:x:${at}"`, ']}')],
  ['many escapes', 'POST', 'Users', `${start},"title":"${'\\u0041'.repeat(160_000)}"}`],
  ['many reserved names', 'POST', 'Users', fill(`${start},"x":[`, () => '{"__proto__":1}', ']}')],
  ['many operations', 'PATCH', 'person', fill(patch, (at) => `{"op":"replace","path":"title","value":"${at}"}`, ']}')],
  [
    'many operations without paths',
    'PATCH',
    'person',
    fill(patch, (at) => `{"op":"add","value":{"title":"${at}"}}`, ']}'),
  ],
  [
    'many operations on elements',
    'PATCH',
    'person',
    fill(patch, (at) => `{"op":"add","path":"emails[value eq \\"${at}\\"].type","value":"x"}`, ']}'),
  ],
  [
    'many elements added one by one',
    'PATCH',
    'person',
    fill(patch, (at) => `{"op":"add","path":"emails","value":[{"value":"${at}"}]}`, ']}'),
  ],
  [
    'many elements added at once',
    'PATCH',
    'person',
    fill(`${patch}{"op":"add","path":"emails","value":[`, (at) => `{"value":"${at}"}`, ']}]}'),
  ],
  [
    'many names in a value',
    'PATCH',
    'person',
    fill(`${patch}{"op":"add","value":{`, (at) => `"emails[type eq \\"${at}\\"].value":"x"`, '}}]}'),
  ],
  ['a long path', 'PATCH', 'person', `${patch}{"op":"add","path":"${'a.'.repeat(500_000)}","value":1}]}`],
  ['a long filter', 'POST', 'Users/.search', `${search}"filter":"title eq \\"${'a'.repeat(1_000_000)}\\""}`],
  ['many attributes', 'POST', 'Users/.search', fill(`${search}"attributes":[`, () => '"userName"', ']}')],
  ['many wrong attributes', 'POST', 'Users/.search', fill(`${search}"excludedAttributes":[`, (at) => `"x${at}"`, ']}')],
];

test.each(scimBodies)('F01 F04 SCIM: %s', async (_name, method, place, body) => {
  await answered(method, `/scim/v2/${place === 'person' ? `Users/${house.people.scim[1]}` : place}`, body);
});

const connection = '{"kind":"saml","name":"Large"';
const markup = (before: string, piece: string, after: string) => {
  const text = before + piece.repeat(Math.floor((1_000_000 - before.length) / JSON.stringify(piece).length)) + after;
  return `${connection},"metadata":${JSON.stringify(text)}}`;
};
const metadata = '<md:EntityDescriptor xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata" entityID="x">';
const schema = '{"id":"urn:large:scim","name":"Large"';
const adminBodies: readonly (readonly [string, string, string, string])[] = [
  ['many unknown names', 'PUT', 'seats', fill('{', (at) => `"x${at}":1`, '}')],
  ['many unknown names of a connection', 'POST', 'connections', fill(`${connection},`, (at) => `"x${at}":1`, '}')],
  ['many domains', 'POST', 'connections', fill(`${connection},"domains":[`, (at) => `"d${at}.test"`, ']}')],
  [
    'many attributes of a schema',
    'POST',
    'schemas',
    fill(`${schema},"attributes":[`, (at) => `{"name":"a${at}"}`, ']}'),
  ],
  [
    'many values of an attribute',
    'POST',
    'schemas',
    fill(`${schema},"attributes":[{"name":"a","canonicalValues":[`, (at) => `"${at}"`, ']}]}'),
  ],
  ['a long URN', 'POST', 'schemas', `{"id":"urn:x:${'a:'.repeat(500_000)}","name":"x","attributes":[{"name":"a"}]}`],
  ['many wrong domains', 'POST', 'connections', fill(`${connection},"domains":[`, () => '1', ']}')],
  ['a long domain', 'POST', 'connections', `${connection},"domains":["${'a.'.repeat(500_000)}"]}`],
  ['many certificates', 'POST', 'connections', fill(`${connection},"certificates":[`, () => '"AAAA"', ']}')],
  [
    'large certificates',
    'POST',
    'connections',
    `${connection},"entityId":"x","ssoUrl":"https://x.test/","certificates":[${Array.from({ length: 20 }, () => `"${'A'.repeat(20_000)}"`).join(',')}]}`,
  ],
  [
    'a long address',
    'POST',
    'connections',
    `{"kind":"oidc","name":"x","clientId":"x","issuer":"https://${'a.'.repeat(500_000)}"}`,
  ],
  ['many holds', 'POST', 'person/reactivate', fill('{"lift":[', () => '"admin"', ']}')],
  ['many wrong holds', 'POST', 'person/reactivate', fill('{"lift":[', () => '1', ']}')],
  ['many roles', 'PUT', 'person/roles', fill('{"roles":[', () => '"x"', ']}')],
  ['a long note of blanks', 'POST', 'person/deactivate', `{"reason":"${' '.repeat(1_000_000)}"}`],
  ['metadata of elements', 'POST', 'connections', markup(metadata, '<a/>', '</md:EntityDescriptor>')],
  ['metadata of open elements', 'POST', 'connections', markup(metadata, '<a>', '')],
  ['metadata of attributes', 'POST', 'connections', markup(`${metadata}<a`, ' b=""', '/></md:EntityDescriptor>')],
  ['metadata of namespaces', 'POST', 'connections', markup(metadata, '<a xmlns:b="c">', '')],
  ['metadata of references', 'POST', 'connections', markup(metadata, '&amp;', '</md:EntityDescriptor>')],
  ['metadata of text', 'POST', 'connections', markup(metadata, 'a', '</md:EntityDescriptor>')],
  ['metadata of brackets', 'POST', 'connections', markup(metadata, '<', '')],
  [
    'metadata of endpoints',
    'POST',
    'connections',
    markup(
      `${metadata}<md:IDPSSODescriptor>`,
      '<md:SingleSignOnService Binding="x" Location="y"/>',
      '</md:IDPSSODescriptor></md:EntityDescriptor>',
    ),
  ],
];

test.each(adminBodies)('F01 F04 admin API: %s', async (_name, method, place, body) => {
  const person = `users/${house.people.admin[1]}`;
  await answered(method, `/api/v1/organizations/by-admin/${place.replace('person', person)}`, body);
});

test('F04 a user has at most a thousand values of an attribute, in one request or in several', async () => {
  const emails = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, at) => ({ value: `${from + at}@x.test`, type: 'work' }));
  const scim = (method: string, path: string, body: unknown) => house.scim(house.scimSecret, method, path, body);
  const post = (to: number) =>
    scim('POST', '/Users', { schemas: [USER], userName: `elements-${to}@scim.test`, emails: emails(0, to) });
  const refused = await post(1_001);
  expect([refused.status, refused.body['scimType']]).toEqual([400, 'tooMany']);
  const { status, body } = await post(1_000);
  expect(status).toBe(201);
  const add = (from: number, to: number) =>
    scim('PATCH', `/Users/${body['id']}`, {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
      Operations: [{ op: 'add', path: 'emails', value: emails(from, to) }],
    });
  expect((await add(999, 1_000)).status).toBe(200);
  const more = await add(1_000, 1_001);
  expect([more.status, more.body['scimType']]).toEqual([400, 'tooMany']);
  expect((await house.scim(house.scimSecret, 'GET', `/Users/${body['id']}`)).body['emails']).toHaveLength(1_000);
});

test('F04 admin API: a body of more values than any honest one has is refused, a body with many faults is answered shortly', async () => {
  const seats = '/organizations/by-admin/seats';
  const names = (count: number) => `{${Array.from({ length: count }, (_, at) => `"x${at}":1`).join(',')}}`;
  expect((await house.admin('PUT', seats, names(3_000))).body).toMatchObject({ status: 400, code: 'malformedBody' });
  const { body } = await house.admin('PUT', seats, names(1_000));
  expect([body['code'], body['errors'].length]).toEqual(['invalidInput', 50]);
  expect((await house.admin('PUT', seats, { licensed: 50 })).status).toBe(200);
});

test('F01 F04 the gate: forms and cookies as large as allowed', async () => {
  const target = '/sso/by-gate/saml/saml/acs';
  for (const piece of ['a', '=', '&', '%', '%41', 'SAMLResponse=a&', 'SAMLResponse=', '+', 'RelayState=%'])
    await answered('POST', target, piece.repeat(Math.floor(262_000 / piece.length)), {
      'content-type': 'application/x-www-form-urlencoded',
    });
  for (const piece of [';', '=', 'a=b;', 'furlough-session=', 'furlough-attempt=a.', '"', ' '])
    await answered('GET', '/sso/session', undefined, { cookie: piece.repeat(Math.floor(15_000 / piece.length)) });
  for (const name of [
    'accept-language',
    'accept',
    'authorization',
    'x-forwarded-for',
    'x-forwarded-host',
    'x-forwarded-uri',
    'if-none-match',
  ])
    for (const piece of ['a', ',', ';', 'ja;q=1,', '(', '"', '1.2.3.4,', ':'])
      await answered('GET', '/gate/forward-auth', undefined, {
        accept: 'text/html',
        [name]: piece.repeat(Math.floor(14_000 / piece.length)),
      });
});

async function answered(
  method: string,
  target: string,
  body?: string,
  headers: Record<string, string> = {},
): Promise<void> {
  if (body !== undefined) expect(Buffer.byteLength(body)).toBeLessThan(limit);
  const secret = target.startsWith('/scim/') ? house.scimSecret : target.startsWith('/api/') ? house.adminKey : null;
  const authorization = secret === null ? {} : { authorization: `Bearer ${secret}` };
  const request: WireRequest = {
    method,
    target,
    headers: { 'content-type': 'application/json', ...authorization, ...headers },
    ...(body === undefined ? {} : { body }),
  };
  let asked = request;
  // Where something was written before, the same body is quickly refused, or changes nothing.
  const prepare = async (): Promise<void> => {
    const door = secret === house.scimSecret ? 'scim' : 'admin';
    if (secret !== null) asked = (await house.foundAgain(door))(request);
  };
  await withoutStall(stall, async () => assertDoorForm({ ...asked, body: '' }, await house.wire.send(asked)), prepare);
}

/** The letters of a name in another case for each number. */
function spell(name: string, number: number): string {
  return Array.from(name, (letter, at) => ((number >> at) & 1 ? letter.toUpperCase() : letter)).join('');
}
