// Apps behind the gate: add, list, show, replace, remove, and new client secrets.

import type { App, AppId } from '#directory/app.ts';
import { appRecords } from '#storage/app-records.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, toIso, type AdminContext, type Operation } from './admin-operation.ts';
import { addApp, readApp, removeApp, replaceApp, replaceClientSecret, type AppChange } from './app-changes.ts';
import { readCursor, toPage } from './paging.ts';

const base = '/organizations/:org/apps';
const idOf = (call: Parameters<typeof paramOf>[0]) => paramOf(call, 'id') as AppId;

export const appOperations: readonly Operation[] = [
  defineOperation({
    id: 'apps.add',
    method: 'post',
    path: base,
    summary: 'Add an app: behind a proxy (forwardAuth), an OpenID Connect client (openid), or both',
    body: contract.newApp,
    answer: contract.appChanged,
    status: 201,
    run: async (context, call) => answer(context, await addApp(context, call.organization.id, call.body, call.by)),
  }),
  defineOperation({
    id: 'apps.list',
    method: 'get',
    path: base,
    summary: 'Apps, by id',
    query: contract.pageQuery,
    answer: contract.pageOf(contract.appAnswer),
    run: async (context, call) => {
      const { limit, cursor } = call.query;
      const after = readCursor(cursor);
      const page = { limit: limit + 1, ...(after === undefined ? {} : { after }) };
      const records = await context.storage.records(appRecords).list(call.organization.id, page, context.now());
      const shown = toPage(records, limit, ({ id }) => id);
      return { body: { items: shown.items.map(({ value }) => toAppAnswer(context, value)), next: shown.next } };
    },
  }),
  defineOperation({
    id: 'apps.get',
    method: 'get',
    path: `${base}/:id`,
    summary: 'One app',
    answer: contract.appAnswer,
    run: async (context, call) => ({
      body: toAppAnswer(context, await readApp(context, call.organization.id, idOf(call))),
    }),
  }),
  defineOperation({
    id: 'apps.replace',
    method: 'put',
    path: `${base}/:id`,
    summary: 'Write an app anew; its client secrets stay',
    body: contract.appWhole,
    answer: contract.appChanged,
    run: async (context, call) =>
      answer(context, await replaceApp(context, call.organization.id, idOf(call), call.body, call.by)),
  }),
  defineOperation({
    id: 'apps.remove',
    method: 'delete',
    path: `${base}/:id`,
    summary: 'Remove an app: nobody gets through to it any more',
    answer: contract.appChanged,
    run: async (context, call) => answer(context, await removeApp(context, call.organization.id, idOf(call), call.by)),
  }),
  defineOperation({
    id: 'apps.secret',
    method: 'post',
    path: `${base}/:id/secret`,
    summary: 'Make a new client secret; the old one works for a while beside it',
    body: contract.newClientSecret,
    answer: contract.appChanged,
    run: async (context, call) => {
      const { overlapSeconds } = call.body;
      return answer(
        context,
        await replaceClientSecret(context, call.organization.id, idOf(call), overlapSeconds, call.by),
      );
    },
  }),
];

function answer(context: AdminContext, { app, clientSecret, change }: AppChange) {
  return { body: { app: toAppAnswer(context, app), clientSecret, change } };
}

function toAppAnswer(context: AdminContext, app: App) {
  const { id, organizationId, name, groups, forwardAuth, openid, createdAt } = app;
  return {
    id,
    organization: organizationId,
    name,
    ...(groups === undefined ? {} : { groups }),
    ...(forwardAuth === undefined ? {} : { forwardAuth }),
    ...(openid === undefined ? {} : { openid: toOpenidAnswer(context, openid) }),
    urls: openid === undefined ? {} : { issuer: `${context.config.baseUrl}/oidc/${organizationId}` },
    createdAt: toIso(createdAt),
  };
}

/** Without the secrets' hashes; those that are past are left out. */
function toOpenidAnswer(context: AdminContext, { secrets, ...rest }: NonNullable<App['openid']>) {
  const live = secrets.filter(({ expiresAt }) => expiresAt === undefined || expiresAt > context.now());
  return {
    ...rest,
    secrets: live.map(({ lastFour, createdAt, expiresAt }) => ({
      lastFour,
      createdAt: toIso(createdAt),
      ...(expiresAt === undefined ? {} : { expiresAt: toIso(expiresAt) }),
    })),
  };
}
