import { checkImports } from '../../scripts/check-imports.ts';

const check = (sources: Record<string, string>): readonly string[] => checkImports(new Map(Object.entries(sources)));

test('a house in which everything points down stands', () => {
  const house = {
    'main.ts': "import { createServer } from '#server.ts';",
    'cli/furlough.mjs': "import './run.ts';",
    'cli/run.ts': "import { Command } from 'commander'; import '#server.ts';",
    'server.ts': "export const open = () => import('#storage/mongo/mongo-storage.ts'); import '#http/app.ts';",
    'scim/scim-router.ts':
      "import { Router } from 'express'; import './protocol/filter.ts'; import '#provisioning/change-user.ts';",
    'scim/protocol/filter.ts': "import './notation.ts';",
    'scim/protocol/notation.ts': '',
    'admin/user-endpoints.ts': "import type { Router } from 'express';",
    'admin/admin-contract.ts': "import { z } from 'zod';",
    'gate/connections/saml/strategy.ts':
      "import passport from 'passport'; import { SAML } from '@node-saml/node-saml';",
    'gate/sign-in/complete.ts': "import '#provisioning/change-user.ts';",
    'provisioning/change-user.ts': "import type { User } from '#directory/user.ts'; import '#storage/storage.ts';",
    'http/app.ts': "import express from 'express'; import { readFile } from 'node:fs/promises';",
    'secrets/keys.ts': "import { SignJWT } from 'jose';",
    'storage/storage.ts': "import '../directory/user.ts';",
    'storage/mongo/mongo-storage.ts': "import mongoose from 'mongoose'; import '../storage.ts';",
    'storage/sqlite/sqlite-storage.ts': "import { DatabaseSync } from '@photostructure/sqlite';",
    'directory/user.ts': "import './hold.ts'; // import 'node:fs' in a comment is none",
    'directory/hold.ts': 'const text = "import \'node:fs\'"; export { text };',
    'console/app.tsx':
      "import React from 'react'; import '#admin/admin-contract.ts'; import en from '#messages/en.json'; const a = <b/>;",
  };
  expect(check(house)).toEqual([]);
});

test.each<[string, Record<string, string>, string]>([
  [
    'an arrow up',
    { 'directory/user.ts': '', 'storage/a.ts': "import '#gate/b.ts';" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up by a relative path',
    { 'storage/a.ts': "import '../gate/b.ts';" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up for a type',
    { 'storage/a.ts': "import type { B } from '#gate/b.ts';" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up inside a type',
    { 'storage/a.ts': "type B = import('#gate/b.ts').B;" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up in a re-export',
    { 'storage/a.ts': "export * from '#gate/b.ts';" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up in a named re-export',
    { 'storage/a.ts': "export { b } from '#gate/b.ts';" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'an arrow up in a dynamic import',
    { 'storage/a.ts': "void import('#gate/b.ts');" },
    'storage/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  [
    'the write side importing the gate',
    { 'provisioning/a.ts': "import '#gate/b.ts';" },
    'provisioning/a.ts: imports gate/b.ts, which is on a higher floor',
  ],
  ['a neighbour', { 'scim/a.ts': "import '#hr/b.ts';" }, 'scim/a.ts: imports hr/b.ts, a neighbour on the same floor'],
  [
    'a neighbour that is a single file',
    { 'audit/a.ts': "import '#background-jobs.ts';" },
    'audit/a.ts: imports background-jobs.ts, a neighbour on the same floor',
  ],
  [
    'a computed import',
    { 'server.ts': 'const name = 1; void import(`#${name}`);' },
    'server.ts: an import whose target is computed',
  ],
  [
    'a required module',
    { 'http/a.ts': "require('mongoose');" },
    'http/a.ts: imports mongoose, whose room is storage/mongo/',
  ],
  [
    'the directory leaving itself',
    { 'directory/a.ts': "import { readFile } from 'node:fs';" },
    'directory/a.ts: imports node:fs, but directory/ imports nothing outside itself',
  ],
  [
    'the SCIM protocol leaving itself',
    { 'scim/protocol/a.ts': "import '#directory/user.ts';" },
    'scim/protocol/a.ts: imports #directory/user.ts, but scim/protocol/ imports nothing outside itself',
  ],
  [
    'the console looking behind the contract',
    { 'console/a.tsx': "import '#admin/user-endpoints.ts';" },
    'console/a.tsx: imports admin/user-endpoints.ts, but console/ sees only admin/admin-contract.ts, messages/',
  ],
  [
    'somebody importing the console',
    { 'server.ts': "import '#console/a.tsx';" },
    'server.ts: imports console/a.tsx, but nothing imports console/',
  ],
  [
    'a storage adapter opened elsewhere',
    { 'cli/a.ts': "void import('#storage/sqlite/b.ts');" },
    'cli/a.ts: imports storage/sqlite/b.ts, which only server.ts may',
  ],
  [
    'a storage adapter seen by a port',
    { 'storage/a.ts': "import './mongo/b.ts';" },
    'storage/a.ts: imports storage/mongo/b.ts, which only server.ts may',
  ],
  [
    'one storage adapter seen by the other',
    { 'storage/sqlite/a.ts': "import '../mongo/b.ts';" },
    'storage/sqlite/a.ts: imports storage/mongo/b.ts, which only server.ts may',
  ],
  [
    'a way out of src',
    { 'server.ts': "import '../test/harness/a.ts';" },
    'server.ts: imports ../test/harness/a.ts, which is outside src/',
  ],
  ['a file on no floor', { 'utils/a.ts': '' }, 'utils/a.ts: is on no floor of the map'],
  [
    'express outside its files',
    { 'scim/a.ts': "import express from 'express';" },
    'scim/a.ts: imports express, whose room is http/, *-router.ts, *-endpoints.ts',
  ],
  [
    'a library by one of its parts',
    { 'gate/a.ts': "import { x } from 'jose/errors';" },
    'gate/a.ts: imports jose, whose room is secrets/',
  ],
  [
    'a scoped library by one of its parts',
    { 'gate/a.ts': "import '@node-saml/node-saml/lib/saml.js';" },
    'gate/a.ts: imports @node-saml/node-saml, whose room is gate/connections/saml/',
  ],
  [
    'a circle of two',
    { 'directory/a.ts': "import './b.ts';", 'directory/b.ts': "import './a.ts';" },
    'directory/a.ts: circle directory/a.ts -> directory/b.ts -> directory/a.ts',
  ],
  [
    'a file that imports itself',
    { 'directory/a.ts': "import './a.ts';" },
    'directory/a.ts: circle directory/a.ts -> directory/a.ts',
  ],
  [
    'a circle through types',
    {
      'storage/a.ts': "import './b.ts';",
      'storage/b.ts': "import './c.ts';",
      'storage/c.ts': "import type { A } from './a.ts';",
    },
    'storage/a.ts: circle storage/a.ts -> storage/b.ts -> storage/c.ts -> storage/a.ts',
  ],
])('%s is one violation, told in one line', (_, sources, line) => {
  expect(check(sources)).toEqual([line]);
});

test('the gate may name the types of express, and nothing else of it', () => {
  expect(check({ 'gate/gate.ts': "import type { Router } from 'express';" })).toEqual([]);
  expect(check({ 'gate/gate.ts': "import { Router } from 'express';" })).toHaveLength(1);
  expect(check({ 'scim/a.ts': "import type { Router } from 'express';" })).toHaveLength(1);
});

test.each([
  'passport',
  'openid-client',
  'oidc-provider',
  'mongoose',
  '@photostructure/sqlite',
  'jose',
  '@node-saml/passport-saml',
])('%s is refused outside its room', (library) => {
  expect(check({ 'provisioning/a.ts': `import '${library}';` })).toHaveLength(1);
});
