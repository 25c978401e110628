// What runs inside other people's apps carries nothing of the server with it: no store, no configuration, no library but the app's own.

import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listImports } from '../../scripts/read-imports.ts';

const source = (file: string): string =>
  readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8');

/** Every file and library that is loaded with this one, by path below src/ or by name. */
function loadedWith(file: string, found = new Set<string>()): ReadonlySet<string> {
  if (found.has(file)) return found;
  found.add(file);
  for (const { specifier = '', typeOnly } of listImports(file, source(file))) {
    if (typeOnly) continue;
    if (specifier.startsWith('.')) loadedWith(posix.join(posix.dirname(file), specifier), found);
    else if (specifier.startsWith('#')) loadedWith(specifier.slice(1), found);
    else found.add(specifier);
  }
  return found;
}

const shared = [
  'gate/browser-cookie.ts',
  'gate/browser-request.ts',
  'gate/connections/saml/return-path.ts',
  'gate/forward-auth/app-cookie-names.ts',
  'gate/middleware/app-visit.ts',
  'gate/middleware/express-middleware.ts',
  'gate/middleware/gate-client.ts',
  'gate/opaque-token.ts',
  'gate/pages/escape-html.ts',
  'node:crypto',
];

test('furlough/express loads a few small files and Node', () => {
  expect([...loadedWith('gate/middleware/express-middleware.ts')].toSorted()).toEqual(shared);
});

test('furlough/passport loads passport beside them', () => {
  const all = [...shared, 'gate/middleware/passport-strategy.ts', 'passport'];
  expect([...loadedWith('gate/middleware/passport-strategy.ts')].toSorted()).toEqual(all.toSorted());
});
