// An app by OpenID Connect on a whole server: whichever way somebody is switched off, the provider's doors are shut with the answer, and the app hears
// of it. An app that does not answer delays nobody (O16).

import * as client from 'openid-client';
import type { App } from '#directory/app.ts';
import { eventually } from '../harness/eventually.ts';
import { connectApp, refusalOf, type OpenidApp } from '../gate/openid-app.ts';
import { startLogoutReceiver, type LogoutReceiver } from '../gate/logout-receiver.ts';
import type { Company } from './company.ts';
import { describeJourney } from './journey.ts';
import { waysOut } from './ways-out.ts';

describeJourney(
  'an app by OpenID Connect',
  (open) => {
    let receiver: LogoutReceiver;
    let app: OpenidApp;
    beforeAll(async () => {
      receiver = await startLogoutReceiver();
      app = await register(open(), 'wiki', receiver.uri);
    });
    afterAll(() => receiver.close());

    test.each(waysOut.map((way) => [way.name, way] as const))(
      'L01 %s: refused at every door of the provider, and the app is told',
      async (name, way) => {
        const company = open();
        const userName = `${name.replaceAll(/[^a-zA-Z]+/g, '-').toLowerCase()}@example.com`;
        const id = await company.provision(userName);
        const { browser } = await company.signIn(userName, 'oidc');
        const tokens = await app.signIn(browser);
        const refreshToken = tokens.refresh_token ?? '';
        expect(await client.tokenIntrospection(app.config, tokens.access_token)).toMatchObject({
          active: true,
          sub: id,
        });
        const status = await way.act(company, id);
        expect([200, 202, 204]).toContain(status);
        expect(await client.tokenIntrospection(app.config, tokens.access_token)).toEqual({ active: false });
        expect(await client.tokenIntrospection(app.config, refreshToken)).toEqual({ active: false });
        const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
        expect((await app.post('/token', form)).body['error']).toBe('invalid_grant');
        const userinfo = await fetch(`${app.issuer}/me`, {
          headers: { authorization: `Bearer ${tokens.access_token}` },
        });
        expect(userinfo.status).toBe(401);
        expect(refusalOf((await app.send(browser, await app.ask())).url).error).toBe('access_denied');
        expect(refusalOf((await app.send(browser, await app.ask({ prompt: 'none' }))).url).error).toBe(
          'login_required',
        );
        const sid = tokens.claims()?.['sid'];
        await eventually(async () =>
          (await receiver.verified(app.issuer, 'wiki')).some((claims) => claims['sid'] === sid && claims.sub === id),
        );
        await eventually(async () => (await logoutsOf(company, id)).every(({ state }) => state === 'delivered'));
      },
    );

    test('O16 the app does not answer: the deactivation is done with its answer, the logout waits and is shown', async () => {
      const company = open();
      const silent = await register(company, 'silent', 'http://127.0.0.1:1/logout');
      const id = await company.provision('silent@example.com');
      const { browser } = await company.signIn('silent@example.com', 'oidc');
      const tokens = await silent.signIn(browser);
      const path = `/organizations/${company.organization}/users/${id}/deactivate`;
      expect((await company.admin('POST', path, { reason: 'Left' })).status).toBe(200);
      expect(await client.tokenIntrospection(silent.config, tokens.access_token)).toEqual({ active: false });
      const waiting = await eventually(async () => (await logoutsOf(company, id)).find(({ attempts }) => attempts > 0));
      expect(waiting).toMatchObject({ app: 'silent', state: 'waiting', error: expect.stringContaining('reached') });
    });

    test('O16 the app hangs: whoever is switched off meanwhile is out with the answer all the same', async () => {
      const company = open();
      const hanging = await startLogoutReceiver();
      try {
        hanging.answer = () => undefined;
        const slow = await register(company, 'slow', hanging.uri);
        const entered: { id: string; token: string }[] = [];
        for (const userName of ['slow1@example.com', 'slow2@example.com']) {
          const id = await company.provision(userName);
          const { browser } = await company.signIn(userName, 'oidc');
          entered.push({ id, token: (await slow.signIn(browser)).access_token });
        }
        for (const { id, token } of entered) {
          expect(await client.tokenIntrospection(slow.config, token)).toMatchObject({ active: true });
          const path = `/organizations/${company.organization}/users/${id}/deactivate`;
          expect((await company.admin('POST', path, { reason: 'Left' })).status).toBe(200);
          expect(await client.tokenIntrospection(slow.config, token)).toEqual({ active: false });
          await eventually(() => hanging.requests() > 0);
        }
        // The first request of it was not answered yet, or was given up on: either way it will be tried again.
        const [first] = entered;
        await eventually(async () =>
          (await logoutsOf(company, first?.id ?? '')).some(({ state }) => state === 'waiting'),
        );
      } finally {
        await hanging.close();
      }
    });

    test('sessions ended by an administrator: the tokens are dead and the app is told; the person may come back', async () => {
      const company = open();
      const id = await company.provision('back@example.com');
      const { browser } = await company.signIn('back@example.com', 'oidc');
      const tokens = await app.signIn(browser);
      const path = `/organizations/${company.organization}/users/${id}/sessions/end-all`;
      expect((await company.admin('POST', path, {})).status).toBe(200);
      expect(await client.tokenIntrospection(app.config, tokens.access_token)).toEqual({ active: false });
      await eventually(async () => (await logoutsOf(company, id)).some(({ state }) => state === 'delivered'));
      await company.signIn('back@example.com', 'oidc', browser);
      const again = await app.signIn(browser);
      expect(await client.tokenIntrospection(app.config, again.access_token)).toMatchObject({ active: true });
    });
  },
  null,
);

async function register(company: Company, id: string, backchannelLogoutUri: string): Promise<OpenidApp> {
  const openid = { redirectUris: [`https://${id}.example.com/cb`], backchannelLogoutUri };
  const { status, body } = await company.admin('POST', `/organizations/${company.organization}/apps`, {
    id,
    name: id,
    openid,
  });
  if (status !== 201) throw new Error(JSON.stringify(body));
  const stored = { ...body['app'], organizationId: company.organization } as App;
  const world = { baseUrl: company.url, storage: company.house.storage, clock: { now: Date.now() } };
  return connectApp(world, stored, String(body['clientSecret']));
}

async function logoutsOf(
  company: Company,
  user: string,
): Promise<readonly { app: string; state: string; attempts: number }[]> {
  const { body } = await company.admin('GET', `/organizations/${company.organization}/logout-deliveries?user=${user}`);
  return body['items'] as readonly { app: string; state: string; attempts: number }[];
}
