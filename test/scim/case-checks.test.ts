// The reader of the cases' sentences is itself held to sentences that must fail: a check that cannot fail proves nothing.

import { checkSentence } from './case-checks.ts';
import { encodeTarget, runCase } from './case-runner.ts';
import type { WireAnswer } from './scim-world.ts';

const body = {
  schemas: ['urn:a'],
  id: 'u1',
  active: false,
  text: 'false',
  count: 3,
  zero: 0,
  none: null,
  empty: '',
  list: [],
  names: ['a', 'b'],
  three: [1, 2, 3],
  emails: [
    { type: 'work', value: 'w@x.io' },
    { type: 'home', value: 'h@x.io' },
  ],
  meta: { version: 'W/"1"', created: 'now', lastModified: 'now' },
  'urn:x:User': { code: '42' },
};
const answer = answerOf(body, { etag: 'W/"1"', location: '/u1', 'content-type': 'application/scim+json' });
const scope = { answer, earlier: [answerOf({ ...body, count: 2 }, {})], hooks: {} };

test.each([
  '$.active=false',
  '$.active=false (boolean)',
  '$.text="false"',
  '$.count = 3',
  '$.count>=0',
  '1<=$.count<=3',
  '$.count=len($.three)',
  '$.none absent',
  '$.none absent or []',
  '$.empty absent or empty',
  '$.id not empty',
  '$.id != mine',
  '$.zero is integer',
  '$.list is array',
  '$.names is exactly b,a',
  '$.names contains a',
  '$.names without c',
  '$.id in u1|u2',
  '$.emails[*].value = [h@x.io,w@x.io]',
  '$.emails[?type=work].value=w@x.io',
  '$.emails = [{type:home,value:h@x.io},{value:w@x.io,type:work}]',
  '$[\'urn:x:User\'].code="42"',
  '$.meta.created=$.meta.lastModified',
  '$.meta.version unchanged',
  'len($.emails)<=2',
  'header ETag = $.meta.version',
  'header Content-Type starts application/scim+json',
  'if 404: $.id=other',
  'if 200: $.id=u1',
])('%s holds', async (sentence) => {
  await checkSentence(sentence, scope);
});

test.each([
  '$.active=true',
  '$.active="false"',
  '$.text=false',
  '$.text=false (boolean)',
  '$.count=4',
  '$.count="3"',
  '$.count>=4',
  '$.id absent',
  '$.none present',
  '$.empty not empty',
  '$.list not empty',
  '$.id != u1',
  '$.gone != u1',
  '$.text is boolean',
  '$.names is exactly a',
  '$.names contains c',
  '$.names without a',
  '$.id in u2|u3',
  '$.emails[*].value = [w@x.io]',
  '$.emails[?type=work].value=h@x.io',
  '$.emails = [{value:w@x.io,type:work}]',
  "$['urn:x:User'].code=42",
  '$.count unchanged',
  '$.count=len($.emails)',
  '4<=$.count<=5',
  '1<=$.count<=2',
  '$.id=$.meta.created',
  'len($.emails)<=1',
  'header ETag = $.id',
  'header Nothing present',
  'header ETag != W/"1"',
  'if 200: $.id=u2',
  'a sentence nobody wrote',
  '$.id resembles u1',
  'seat: used -1',
])('%s does not hold', expectRefusal);

test('request targets keep what the case wrote by hand', () => {
  expect(encodeTarget('/Users?filter=userName+eq+%22x%22&')).toBe('/Users?filter=userName+eq+%22x%22&');
  expect(encodeTarget('/Users?filter=a[b eq "ü\\"]')).toBe('/Users?filter=a%5Bb%20eq%20%22%C3%BC%5C%22%5D');
});

test('a case with a wrong status, an unmet check or an unknown placeholder fails', async () => {
  const world = {
    base: '',
    credentials: {},
    send: async () => answer,
    seatsUsed: async () => 1,
    activeUsers: async () => 1,
    totalUsers: async () => 1,
    auditedActions: async () => [],
    mayComeIn: async () => true,
    takeSession: async () => ({ isDead: async () => false }),
  };
  const run = (status: number, check: string, path = '/Users') =>
    runCase(
      {
        id: 'x',
        client: 'x',
        description: '',
        requests: [{ method: 'GET', path }],
        expect: [{ status, checks: [check], save: { uid: '$.id' } }],
      },
      world,
    );
  await expect(run(200, '$.id={{uid}}')).resolves.toBeUndefined();
  await expect(run(404, '$.id={{uid}}')).rejects.toThrow('200 instead of 404');
  await expect(run(200, '$.id=other')).rejects.toThrow('$.id=other');
  await expect(run(200, '$.id=u1', '/{{ym}}')).rejects.toThrow('{{ym}}');
  await expect(run(200, 'seat: used +1')).rejects.toThrow('seat');
  await expect(run(200, 'login: refused')).rejects.toThrow('login');
  await expect(run(200, 'sessions: revoked')).rejects.toThrow('sessions');
  await expect(run(200, 'audit entry')).rejects.toThrow('audit');
});

async function expectRefusal(sentence: string): Promise<void> {
  await expect(checkSentence(sentence, scope)).rejects.toThrow();
}

function answerOf(json: unknown, headers: Record<string, string>): WireAnswer {
  return { status: 200, headers, text: JSON.stringify(json), json };
}
