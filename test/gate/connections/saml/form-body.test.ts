// The form that carries a response (gate.md S12, S25) and the paths a sign-in may lead to (S23).

import { maxFormBytes, readSamlForm } from '#gate/connections/saml/form-body.ts';
import { toReturnPath } from '#gate/connections/saml/return-path.ts';

const read = (body: string, { contentType = 'application/x-www-form-urlencoded', query = '', method = 'POST' } = {}) =>
  readSamlForm({ method, contentType, query, body: Buffer.from(body) });

const good = 'SAMLResponse=YWI%3D&RelayState=h+1';

test('one SAMLResponse and a RelayState are read', () => {
  expect(read(good)).toEqual({ samlResponse: 'YWI=', relayState: 'h 1' });
  expect(read('SAMLResponse=YWI%2B')).toEqual({ samlResponse: 'YWI+', relayState: undefined });
  expect(read(good, { contentType: 'application/x-www-form-urlencoded; charset=UTF-8' })).toMatchObject({
    samlResponse: 'YWI=',
  });
  expect(read(`${good}&lang=en`)).toMatchObject({ samlResponse: 'YWI=' });
});

describe('S12 a form of any other shape is malformed', () => {
  test.each([
    ['nothing', ''],
    ['no SAMLResponse', 'RelayState=h'],
    ['an empty SAMLResponse', 'SAMLResponse=&RelayState=h'],
    ['SAMLResponse twice', 'SAMLResponse=YWI&SAMLResponse=YWI'],
    ['twice, once percent-encoded', 'SAMLResponse=YWI&SAML%52esponse=YWI'],
    ['an array', 'SAMLResponse[]=YWI'],
    ['an array beside', 'SAMLResponse=YWI&SAMLResponse[0]=YWI'],
    ['an indexed array, percent-encoded', 'SAMLResponse=YWI&SAMLResponse%5B%5D=YWI'],
    ['RelayState twice', 'SAMLResponse=YWI&RelayState=a&RelayState=b'],
    ['a request beside', 'SAMLResponse=YWI&SAMLRequest=YWI'],
    ['another spelling', 'samlresponse=YWI'],
    ['broken percent encoding', 'SAMLResponse=%zz'],
    ['percent-encoded bytes that are no UTF-8', 'SAMLResponse=%ff'],
    ['a raw line break', 'SAMLResponse=YWI\n'],
    ['a NUL', 'SAMLResponse=YWI\0'],
    ['many fields', `SAMLResponse=YWI${'&a=1'.repeat(20)}`],
    ['too many bytes', `SAMLResponse=${'A'.repeat(maxFormBytes)}`],
  ])('%s', (_name, body) => {
    expect(() => read(body)).toThrow(expect.objectContaining({ reason: 'malformedRequest' }));
  });

  test.each([
    ['JSON', { contentType: 'application/json' }],
    ['multipart', { contentType: 'multipart/form-data; boundary=x' }],
    ['another charset', { contentType: 'application/x-www-form-urlencoded; charset=utf-16' }],
    ['no type', { contentType: '' }],
    ['a query (S25)', { query: 'SAMLRequest=YWI' }],
    ['any query', { query: 'x' }],
    ['GET', { method: 'GET' }],
  ])('%s', (_name, request) => {
    expect(() => read(good, request)).toThrow(expect.objectContaining({ reason: 'malformedRequest' }));
  });

  test('exactly the largest allowed body is read', () => {
    const value = 'A'.repeat(maxFormBytes - 'SAMLResponse='.length);
    expect(read(`SAMLResponse=${value}`).samlResponse).toHaveLength(value.length);
  });
});

describe('S23 return paths', () => {
  test.each([
    ['https://evil.example'],
    ['//evil.example'],
    ['/\\evil.example'],
    ['\\\\evil.example'],
    ['/a/..//evil.example'],
    ['/.//evil.example'],
    ['javascript:alert(1)'],
    ['data:text/html,x'],
    ['evil'],
    [''],
    [' /a'],
    ['/\t/evil.example'],
    ['/a\r\nSet-Cookie: x=1'],
    ['/a\u0085b'],
    ['/a\0'],
    [`/${'a'.repeat(10_240)}`],
  ])('%j leads to the default page', (hostile) => {
    expect(toReturnPath(hostile, '/home')).toBe('/home');
  });

  test('nothing leads to the default page', () => {
    expect(toReturnPath(undefined)).toBe('/');
  });

  test.each([
    ['/', '/'],
    ['/apps?x=1&next=https://a//b#top', '/apps?x=1&next=https://a//b#top'],
    ['/a/../b', '/b'],
    ['/日本', '/%E6%97%A5%E6%9C%AC'],
    ['/%2f%2fevil', '/%2f%2fevil'],
  ])('%s stays on our host as %s', (path, expected) => {
    expect(toReturnPath(path)).toBe(expected);
  });
});
