// E-mail domains through the admin API: claimed, verified by a real DNS question or by the word of whoever runs the instance, one organisation at a
// time. What is not verified routes nobody (test/gate/finding-connection.test.ts).

import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';
import { startDnsServer, type DnsServer } from '../harness/dns-server.ts';
import { testMongo } from '../harness/mongo-for-tests.ts';

const kinds: readonly StorageKind[] = ['sqlite', 'mongodb'];

for (const kind of kinds) {
  const declare = kind === 'mongodb' && testMongo === undefined ? describe.skip : describe;
  declare(`domains on ${kind}`, () => {
    let server: RunningServer;
    let dns: DnsServer;
    const keys: Record<string, string> = {};
    beforeAll(async () => {
      dns = await startDnsServer();
      server = await startServer(kind, { environment: { FURLOUGH_GATE_DNS_SERVERS: dns.address } });
      for (const id of ['acme', 'beta']) {
        await server.admin('POST', '/organizations', { id, name: id, timeZone: 'Asia/Tokyo', licensed: 10 });
        const { body } = await server.admin('POST', `/organizations/${id}/credentials`, { kind: 'admin', name: id });
        keys[id] = body['secret'];
      }
    });
    afterAll(async () => {
      await server.stop();
      await dns.close();
    });

    /** As an administrator of the organisation alone. */
    const as = (id: 'acme' | 'beta', method: string, path: string, body?: unknown): Promise<Answer> =>
      server.adminAs(keys[id] ?? '', method, `/organizations/${id}${path}`, body);
    const claim = async (id: 'acme' | 'beta', domain: string) =>
      (await as(id, 'POST', '/domains', { domain })).body['domain'] as {
        dns: { name: string; type: string; value: string };
        verified: boolean;
      };

    test('a claimed domain is verified once its TXT record is there, among others too; before, and where it says otherwise, it is not', async () => {
      const { dns: record, verified } = await claim('acme', 'Proven.Example');
      expect(verified).toBe(false);
      expect(record).toMatchObject({ name: '_furlough.proven.example', type: 'TXT' });
      const verify = () => as('acme', 'POST', '/domains/proven.example/verify', {});
      const absent = await verify();
      expect(absent).toMatchObject({
        status: 409,
        body: { code: 'domainNotProven', name: record.name, value: record.value },
      });
      for (const wrong of ['v=spf1 -all', `${record.value}x`, record.value.slice(0, -1), '']) {
        dns.zone.set(record.name, [wrong]);
        expect((await verify()).body['code']).toBe('domainNotProven');
      }
      expect((await as('acme', 'GET', '/domains/proven.example')).body).toMatchObject({ verified: false });
      dns.zone.set(record.name, ['v=spf1 -all', 'x'.repeat(300), record.value]);
      const done = await verify();
      expect(done).toMatchObject({ status: 200, body: { domain: { verified: true, verifiedBy: 'dns' } } });
      expect(done.body['change']).toEqual(expect.any(String));
      expect((await verify()).body['change']).toBeNull();
      expect(dns.asked).toContain('_furlough.proven.example');
      await server.settle();
      const { body } = await as('acme', 'GET', '/audit?limit=200');
      const actions = (body['items'] as { action: string; target: { id: string } }[])
        .filter(({ target }) => target.id === 'proven.example')
        .map(({ action }) => action);
      expect([...actions].sort()).toEqual(['domain.claimed', 'domain.verified']);
    });

    test('DNS that does not answer verifies nothing', async () => {
      const { dns: record } = await claim('acme', 'silent.example');
      dns.zone.set(record.name, 'silent');
      const answer = await as('acme', 'POST', '/domains/silent.example/verify', {});
      expect(answer).toMatchObject({ status: 409, body: { code: 'domainNotProven' } });
      dns.zone.set(record.name, [record.value]);
      expect((await as('acme', 'POST', '/domains/silent.example/verify', {})).status).toBe(200);
    }, 30_000);

    test('one organisation at a time: the other’s proof proves nothing for it, and it learns who has the domain only by its own', async () => {
      const mine = await claim('acme', 'shared.example');
      dns.zone.set(mine.dns.name, [mine.dns.value]);
      expect((await as('acme', 'POST', '/domains/shared.example/verify', {})).status).toBe(200);
      const theirs = await claim('beta', 'shared.example');
      expect(theirs.dns.value).not.toBe(mine.dns.value);
      expect((await as('beta', 'POST', '/domains/shared.example/verify', {})).body['code']).toBe('domainNotProven');
      dns.zone.set(mine.dns.name, [mine.dns.value, theirs.dns.value]);
      expect((await as('beta', 'POST', '/domains/shared.example/verify', {})).body['code']).toBe('domainTaken');
      expect((await as('beta', 'GET', '/domains/shared.example')).body).toMatchObject({ verified: false });
      expect((await as('acme', 'DELETE', '/domains/shared.example')).status).toBe(200);
      expect((await as('acme', 'GET', '/domains/shared.example')).status).toBe(404);
      expect((await as('beta', 'POST', '/domains/shared.example/verify', {})).status).toBe(200);
      // And it can be claimed again, with another record.
      expect((await claim('acme', 'shared.example')).dns.value).not.toBe(mine.dns.value);
    });

    test('of two organisations that verify at once one has it', async () => {
      const [mine, theirs] = [await claim('acme', 'race.example'), await claim('beta', 'race.example')];
      dns.zone.set(mine.dns.name, [mine.dns.value, theirs.dns.value]);
      const answers = await Promise.all(
        (['acme', 'beta'] as const).map((id) => as(id, 'POST', '/domains/race.example/verify', {})),
      );
      expect(answers.map(({ status }) => status).sort((a, b) => a - b)).toEqual([200, 409]);
    });

    test('by word: only who reaches every organisation, at the domain or by listing it in a connection', async () => {
      await claim('acme', 'word.example');
      const byWord = { by: 'administrator' };
      expect((await as('acme', 'POST', '/domains/word.example/verify', byWord)).status).toBe(403);
      const done = await server.admin('POST', '/organizations/acme/domains/word.example/verify', byWord);
      expect(done.body['domain']).toMatchObject({ verified: true, verifiedBy: 'administrator' });

      const connection = (name: string, domains: readonly string[]) => ({ name, kind: 'scim', domains });
      const own = await as('acme', 'POST', '/connections', connection('own', ['listed.example', 'word.example']));
      expect(own.body['connection']).toMatchObject({ unverifiedDomains: ['listed.example'] });
      const put = await server.admin(
        'PUT',
        '/organizations/acme/connections/own',
        connection('own', ['listed.example']),
      );
      expect(put.body['connection']).toMatchObject({ unverifiedDomains: [] });
      expect((await as('acme', 'GET', '/domains/listed.example')).body).toMatchObject({ verifiedBy: 'administrator' });
      const refused = await server.admin(
        'POST',
        '/organizations/beta/connections',
        connection('x', ['listed.example']),
      );
      expect(refused).toMatchObject({ status: 409, body: { code: 'domainTaken' } });
      expect((await as('beta', 'GET', '/connections/x')).status).toBe(404);
      // Nobody else learns from listing it that somebody has it.
      const quiet = await as('beta', 'POST', '/connections', connection('x', ['listed.example']));
      expect(quiet).toMatchObject({ status: 201, body: { connection: { unverifiedDomains: ['listed.example'] } } });
    });

    test('the list, what is no domain, what is not claimed', async () => {
      await claim('beta', 'a.example');
      await claim('beta', 'b.example');
      const first = await as('beta', 'GET', '/domains?limit=1');
      const next = await as('beta', 'GET', `/domains?limit=1&cursor=${first.body['next']}`);
      expect([first, next].map(({ body }) => body['items'][0].domain)).toEqual(['a.example', 'b.example']);
      for (const domain of ['localhost', 'a b.example', '-.example', '*.example', 'ex_ample.com', ''])
        expect((await as('beta', 'POST', '/domains', { domain })).status).toBe(400);
      expect((await as('beta', 'POST', '/domains/unclaimed.example/verify', {})).status).toBe(404);
      expect((await as('beta', 'DELETE', '/domains/unclaimed.example')).status).toBe(404);
    });
  });
}
