// The leaver: whichever way the account is switched off, the same things happen, at once.

import { spawn } from 'node:child_process';
import { patchOp, type Company } from './company.ts';
import { describeJourney } from './journey.ts';

type Way = (company: Company, id: string) => Promise<number>;

const patch =
  (operation: object): Way =>
  async (company, id) =>
    (await company.scim('PATCH', `/Users/${id}`, { schemas: [patchOp], Operations: [operation] })).status;

const ways: Readonly<Record<string, Way>> = {
  'SCIM PATCH without path': patch({ op: 'replace', value: { active: false } }),
  'SCIM PATCH with path': patch({ op: 'replace', path: 'active', value: false }),
  'SCIM PATCH "False"': patch({ op: 'Replace', path: 'active', value: 'False' }),
  'SCIM PUT': async (company, id) => {
    const { body } = await company.scim('GET', `/Users/${id}`);
    return (await company.scim('PUT', `/Users/${id}`, { ...body, active: false })).status;
  },
  'SCIM DELETE': async (company, id) => (await company.scim('DELETE', `/Users/${id}`)).status,
  'the admin API': async (company, id) =>
    (await company.admin('POST', `/organizations/${company.organization}/users/${id}/deactivate`, { reason: 'Left' }))
      .status,
  'the CLI': async (company, id) => {
    const code = await runCli(company, [
      'user',
      'deactivate',
      id,
      '--organization',
      company.organization,
      '--reason',
      'Left',
    ]);
    return code === 0 ? 200 : 500 + code;
  },
};

function runCli(company: Company, words: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--no-warnings', 'src/cli/furlough.mjs', ...words], {
      env: { PATH: process.env['PATH'] ?? '', ...company.environment },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 130));
  });
}

describeJourney('the leaver', (open) => {
  test.each(Object.keys(ways))('by %s is out at every door, and the seat is free', async (name) => {
    const company = open();
    const userName = `${name.replaceAll(/[^a-z]/gi, '').toLowerCase()}@example.com`;
    const id = await company.provision(userName);
    const before = await company.seats();
    const [first, second] = [await company.signIn(userName, 'saml'), await company.signIn(userName, 'oidc')];
    for (const { browser, page } of [first, second]) {
      expect(page.status).toBe(200);
      expect(JSON.parse(page.body)).toMatchObject({ user: { id, userName } });
      expect(await company.doors(browser)).toEqual({ session: 200, forwardAuth: 200 });
    }

    expect(Math.floor(((await ways[name]?.(company, id)) ?? 0) / 100)).toBe(2);

    for (const { browser } of [first, second])
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
    expect(await company.seats()).toMatchObject({ used: before.used - 1 });
    for (const protocol of ['saml', 'oidc'] as const) {
      const { browser, page } = await company.signIn(userName, protocol);
      expect(page.status).toBe(403);
      expect(page.url).not.toContain('/sso/session');
      expect(await company.doors(browser)).toEqual({ session: 401, forwardAuth: 401 });
    }

    await company.settle();
    for (const { browser } of [first, second])
      expect(await company.doors(browser)).toEqual({ session: 403, forwardAuth: 403 });
    const { body } = await company.admin('GET', `/organizations/${company.organization}/audit?limit=200`);
    const entries = (body['items'] as { event: { action: string; target: { id: string } } }[]).map(
      ({ event }) => event,
    );
    const switchedOff = entries.filter(
      (event) => event.target.id === id && /^user\.(deactivated|deleted)$/.test(event.action),
    );
    expect(switchedOff).toHaveLength(1);
    const refused = await company.admin(
      'GET',
      `/organizations/${company.organization}/sign-ins?outcome=refused&limit=2`,
    );
    expect(refused.body['items']).toHaveLength(2);
  });

  test('the chain of the audit trail is intact at the end', async () => {
    const company = open();
    await company.settle();
    const { body } = await company.admin('POST', `/organizations/${company.organization}/audit/verify`);
    expect(body).toMatchObject({ intact: true });
  });
});
