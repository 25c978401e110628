// The brake at the SCIM door: every verb that takes access away goes through it, and only those; a client is told to try again later.

import { describeAtDoors } from '../harness/both-storages.ts';
import { CORE, PATCH_OP, startScimWorld, type Json, type ScimWorld, type WireAnswer } from './scim-world.ts';

describeAtDoors('the brake at the SCIM door', (open) => {
  let world: ScimWorld;
  let secret: string;
  beforeEach(async () => {
    world = await startScimWorld(await open());
    secret = await world.addConnection('braked', { brake: { mode: 'hold', atMost: 0, perMinutes: 60 } });
  });
  afterEach(() => world.stop());

  const patch = (...Operations: readonly object[]) => ({ schemas: [PATCH_OP], Operations });
  const send = (method: string, path: string, body?: unknown): Promise<WireAnswer> =>
    world.send({ method, path, body, headers: { authorization: `Bearer ${secret}` } });
  const whole = (userName: string, active: boolean) => ({ schemas: [CORE], userName, active });

  test.each([
    ['PUT', (id: string) => send('PUT', `/Users/${id}`, whole('aoki', false))],
    [
      'PATCH with a path',
      (id: string) => send('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: false })),
    ],
    [
      'PATCH as Entra',
      (id: string) => send('PATCH', `/Users/${id}`, patch({ op: 'Replace', path: 'active', value: 'False' })),
    ],
    [
      'PATCH as Okta',
      (id: string) => send('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false } })),
    ],
    [
      'PATCH beside another change',
      (id: string) => send('PATCH', `/Users/${id}`, patch({ op: 'replace', value: { active: false, title: 'x' } })),
    ],
    ['DELETE', (id: string) => send('DELETE', `/Users/${id}`)],
  ])('%s is refused with nothing stored, and told to try again', async (_name, ask) => {
    const { id } = await world.create('aoki');
    const before = (await world.get(`/Users/${id}`)).json;
    const answer = await ask(id);
    expect([answer.status, answer.headers['retry-after'], answer.headers['content-type']]).toEqual([
      429,
      '900',
      expect.stringContaining('application/scim+json'),
    ]);
    expect(answer.json).toEqual({
      schemas: ['urn:ietf:params:scim:api:messages:2.0:Error'],
      status: '429',
      detail: expect.stringContaining('until an owner decides'),
    });
    expect((await world.get(`/Users/${id}`)).json).toEqual(before);
  });

  test('Bulk: what takes access away is refused one by one, the rest is done', async () => {
    const made = await Promise.all(['a', 'b', 'c'].map((name) => world.create(name)));
    const [a, b, c] = made.map(({ id }: Json) => id as string);
    const answer = await send('POST', '/Bulk', {
      schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
      Operations: [
        { method: 'PATCH', path: `/Users/${a}`, data: patch({ op: 'replace', path: 'active', value: false }) },
        { method: 'DELETE', path: `/Users/${b}` },
        { method: 'PUT', path: `/Users/${c}`, data: whole('renamed', true) },
        { method: 'POST', path: '/Users', bulkId: 'x', data: whole('d', true) },
      ],
    });
    expect(answer.json.Operations.map(({ status }: Json) => status)).toEqual(['429', '429', '200', '201']);
    expect((await world.get(`/Users/${a}`)).json.active).toBe(true);
  });

  test('a POST of somebody inactive, a return, and a connection without a brake go on', async () => {
    const { id } = await world.create('aoki');
    expect((await send('POST', '/Users', whole('gone', false))).status).toBe(201);
    const free = (active: boolean) => world.patch(id, [{ op: 'replace', path: 'active', value: active }]);
    expect((await free(false)).json.active).toBe(false);
    expect((await send('PATCH', `/Users/${id}`, patch({ op: 'replace', path: 'active', value: true }))).status).toBe(
      200,
    );
    expect((await send('DELETE', `/Users/${id}`)).status).toBe(429);
    expect((await world.send({ method: 'DELETE', path: `/Users/${id}` })).status).toBe(204);
  });
});
