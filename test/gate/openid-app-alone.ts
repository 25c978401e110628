// Run as a program of its own: one app, every flow. What the library has to say of settings it says once in a process, so only here is all of it heard.

import { openSqliteStorage } from '#storage/sqlite/sqlite-storage.ts';
import { recordKinds } from '#record-kinds.ts';
import * as client from 'openid-client';
import { Browser } from '../harness/browser.ts';
import { registerApp } from './openid-app.ts';
import { openOidcWorld } from './oidc-world.ts';

const world = await openOidcWorld(await openSqliteStorage({ path: ':memory:', recordKinds }));
const app = await registerApp(world, 'wiki');
const tokens = await app.signIn(new Browser());
await client.fetchUserInfo(app.config, tokens.access_token, world.user.id);
await client.tokenIntrospection(app.config, tokens.access_token);
const again = await client.refreshTokenGrant(app.config, tokens.refresh_token ?? '');
await client.tokenRevocation(app.config, again.refresh_token ?? '');
console.info(`every flow, for ${world.user.id}`);
process.exit(0);
