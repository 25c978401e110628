import { originOf } from '#gate/browser-request.ts';

const baseUrl = 'https://people.example.com';

test.each([
  [{ origin: 'null', 'sec-fetch-site': 'same-origin' }, 'own'],
  [{ 'sec-fetch-site': 'none' }, 'own'],
  [{ origin: baseUrl }, 'own'],
  [{ origin: 'null', 'sec-fetch-site': 'cross-site' }, 'foreign'],
  [{ origin: baseUrl, 'sec-fetch-site': 'cross-site' }, 'foreign'],
  [{ origin: 'null' }, 'foreign'],
  [{ origin: 'https://evil.example' }, 'foreign'],
  [{}, 'unknown'],
] as const)('%j comes from %s', (headers, expected) => {
  expect(originOf(headers, baseUrl)).toBe(expected);
});
