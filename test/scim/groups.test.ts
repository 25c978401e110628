// Groups by verb and outcome, as clients write them (scim.md 2, 3 and 7): nothing is lost between parallel changes, and nobody is in by mistake.

import { describeOnBothStorages } from '../harness/both-storages.ts';
import { runs } from '../harness/test-scale.ts';
import { CORE, startScimWorld, type Json, type ScimWorld } from './scim-world.ts';

const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
const PATCH_OP = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

describeOnBothStorages('SCIM groups', (open) => {
  let world: ScimWorld;
  let ids: readonly string[];
  beforeEach(async () => {
    world = await startScimWorld(await open());
    const people: string[] = [];
    for (let n = 0; n < 4; n += 1) people.push((await world.create(`p${n}@acme.test`)).id);
    ids = people;
  });
  afterEach(() => world.stop());

  const id = (n: number): string => ids[n] ?? '';
  const post = async (displayName: string, members: readonly string[] = [], secret?: string): Promise<Json> => {
    const body = { schemas: [GROUP], displayName, members: members.map((value) => ({ value })) };
    const answer = await world.post('/Groups', body, secret);
    expect(answer.status).toBe(201);
    return answer.json;
  };
  const patch = (group: Json, operations: readonly unknown[], headers: Record<string, string> = {}, query = '') =>
    world.send({
      method: 'PATCH',
      path: `/Groups/${group.id}${query}`,
      headers,
      body: { schemas: [PATCH_OP], Operations: operations },
    });
  const strict = () => ({ Authorization: `Bearer ${world.secrets.strict}` });
  const membersOf = async (group: Json): Promise<readonly string[]> =>
    ((await world.get(`/Groups/${group.id}`)).json.members ?? []).map((member: Json) => member.value).toSorted();
  const sorted = (...members: readonly string[]): readonly string[] => members.toSorted();

  test('POST answers 201 with the whole group, GET the same; members are told apart by type', async () => {
    const inner = await post('Inner');
    const answer = await world.post('/Groups', {
      schemas: [GROUP, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
      displayName: 'Outer',
      externalId: 'ext',
      members: [{ value: id(0), display: 'somebody', $ref: null }, { value: inner.id }, { value: id(0) }],
    });
    expect(answer.status).toBe(201);
    const { meta, members, ...rest } = answer.json;
    expect(rest).toEqual({ schemas: [GROUP], id: expect.any(String), externalId: 'ext', displayName: 'Outer' });
    expect(members.toSorted((a: Json, b: Json) => (a.type < b.type ? 1 : -1))).toEqual([
      { value: id(0), $ref: `${world.base}/Users/${id(0)}`, type: 'User' },
      { value: inner.id, $ref: `${world.base}/Groups/${inner.id}`, type: 'Group' },
    ]);
    expect(meta).toMatchObject({
      resourceType: 'Group',
      location: answer.headers['location'],
      version: answer.headers['etag'],
    });
    expect((await world.get(`/Groups/${rest.id}`)).json).toEqual(answer.json);
  });

  test('a group needs a name; a name is no key, so two groups may have one', async () => {
    for (const displayName of [undefined, '', ' ', 7]) {
      const { status, json } = await world.post('/Groups', { schemas: [GROUP], displayName });
      expect([status, json.scimType]).toEqual([400, 'invalidValue']);
    }
    await post('Same');
    await post('same');
    const found = await world.get('/Groups?filter=displayName eq "SAME"'.replaceAll(' ', '%20').replaceAll('"', '%22'));
    expect(found.json.totalResults).toBe(2);
  });

  test('20 parallel PATCHes, each one member, leave 20 members; none of the clients hears of the others', async () => {
    const count = runs(20, 50);
    const people: string[] = [];
    for (let n = 0; n < count; n += 1) people.push((await world.create(`many-${n}@acme.test`)).id);
    const group = await post('Busy', [id(0)]);
    const answers = await Promise.all(
      people.map((value) => patch(group, [{ op: 'Add', path: 'members', value: [{ $ref: null, value }] }])),
    );
    expect(answers.map(({ status }) => status)).toEqual(people.map(() => 204));
    expect(await membersOf(group)).toEqual(sorted(id(0), ...people));
    const removals = people.map((value, n) =>
      n % 2 === 0
        ? { op: 'remove', path: `members[value eq "${value}"]` }
        : { op: 'Remove', path: 'members', value: [{ $ref: null, value }] },
    );
    await Promise.all(removals.map((operation) => patch(group, [operation])));
    expect(await membersOf(group)).toEqual([id(0)]);
  });

  test('one PATCH that takes out and puts in does both, or with a fault neither', async () => {
    const group = await post('Both', [id(0), id(1)]);
    const both = [
      { op: 'remove', path: `members[value eq "${id(0)}"]` },
      { op: 'add', path: 'members', value: [{ value: id(2) }] },
      { op: 'replace', value: { id: group.id, displayName: 'Renamed' } },
    ];
    const faulty = await patch(group, [...both, { op: 'replace', path: 'nothing', value: 1 }]);
    expect([faulty.status, faulty.json.scimType]).toEqual([400, 'invalidPath']);
    expect(await membersOf(group)).toEqual(sorted(id(0), id(1)));
    expect((await patch(group, both)).status).toBe(204);
    expect(await membersOf(group)).toEqual(sorted(id(1), id(2)));
    expect((await world.get(`/Groups/${group.id}`)).json.displayName).toBe('Renamed');
  });

  test.each<[string, (members: readonly string[]) => readonly unknown[], readonly number[]]>([
    ['replace of the path', (all) => [{ op: 'replace', path: 'members', value: [{ value: all[3] }] }], [3]],
    [
      'replace without a path',
      (all) => [{ op: 'replace', value: { members: [{ value: all[3] }, { value: all[0] }] } }],
      [0, 3],
    ],
    ['add without a path', (all) => [{ op: 'add', value: { members: [{ value: all[3] }] } }], [0, 1, 3]],
    ['a bare id', (all) => [{ op: 'add', path: 'members', value: all[3] }], [0, 1, 3]],
    ['remove of all', () => [{ op: 'remove', path: 'members' }], []],
    ['replace by nothing', () => [{ op: 'replace', path: 'members', value: [] }], []],
    ['remove by a filter over types', () => [{ op: 'remove', path: 'members[type eq "User"]' }], []],
    [
      'remove by two filters',
      (all) => [{ op: 'remove', path: `members[value eq "${all[0]}" or value eq "${all[1]}"]` }],
      [],
    ],
    ['remove of someone who is not in', (all) => [{ op: 'remove', path: `members[value eq "${all[3]}"]` }], [0, 1]],
    ['an empty list to remove', () => [{ op: 'remove', path: 'members', value: [] }], [0, 1]],
    [
      'out and in again',
      (all) => [
        { op: 'remove', path: `members[value eq "${all[0]}"]` },
        { op: 'add', path: 'members', value: [{ value: all[0] }] },
      ],
      [0, 1],
    ],
  ])('PATCH: %s', async (_name, operations, left) => {
    const group = await post('Shapes', [id(0), id(1)]);
    expect((await patch(group, operations(ids))).status).toBe(204);
    expect(await membersOf(group)).toEqual(sorted(...left.map(id)));
  });

  test('what is so already changes nothing: no version, no date, no audit entry', async () => {
    const group = await post('Same', [id(0)]);
    for (const operations of [
      [{ op: 'add', path: 'members', value: [{ value: id(0) }] }],
      [{ op: 'replace', path: 'members', value: [{ value: id(0) }] }],
      [{ op: 'replace', path: 'displayName', value: 'Same' }],
      [{ op: 'replace', path: `members[value eq "${id(0)}"].value`, value: id(0) }],
    ]) {
      const answer = await patch(group, operations);
      expect([answer.status, answer.headers['etag']]).toEqual([204, group.meta.version]);
    }
    const put = await world.put(`/Groups/${group.id}`, group);
    expect([put.status, put.json]).toEqual([200, group]);
  });

  test('a member is not rewritten, and unknown ones are left out, or refused by a strict connection', async () => {
    const group = await post('Members', [id(0), 'nobody', id(1)]);
    expect(await membersOf(group)).toEqual(sorted(id(0), id(1)));
    const rewritten = await patch(group, [{ op: 'replace', path: `members[value eq "${id(0)}"].value`, value: id(2) }]);
    expect([rewritten.status, rewritten.json.scimType]).toEqual([400, 'mutability']);
    const refused = await patch(
      group,
      [{ op: 'add', path: 'members', value: [{ value: id(2) }, { value: 'nobody' }] }],
      strict(),
    );
    expect([refused.status, refused.json.scimType]).toEqual([400, 'invalidValue']);
    const letter = await patch(group, [{ op: 'remove', path: 'members', value: [{ value: id(0) }] }], strict());
    expect([letter.status, letter.json.scimType]).toEqual([400, 'invalidSyntax']);
    expect(await membersOf(group)).toEqual(sorted(id(0), id(1)));
    const self = await patch(group, [{ op: 'add', path: 'members', value: [{ value: group.id }] }]);
    expect([self.status, self.json.scimType]).toEqual([400, 'invalidValue']);
    expect(world.lines.join('')).toContain('scim.unknownMembers');
  });

  test('PUT: the members are exactly those sent, attributes left out are cleared', async () => {
    const group = await post('Put', [id(0), id(1)]);
    const body = { schemas: [GROUP], displayName: 'Put', members: [{ value: id(1) }, { value: id(2) }] };
    const answer = await world.put(`/Groups/${group.id}`, body);
    expect(answer.status).toBe(200);
    expect(answer.json.members.map((member: Json) => member.value).toSorted()).toEqual(sorted(id(1), id(2)));
    expect((await world.put(`/Groups/${group.id}`, { ...body, members: [] })).json.members).toBeUndefined();
    expect((await world.put('/Groups/nobody', body)).status).toBe(404);
  });

  test('If-Match and If-None-Match, also when only members change', async () => {
    const group = await post('Versions');
    const stale = { 'If-Match': group.meta.version };
    const add = [{ op: 'add', path: 'members', value: [{ value: id(0) }] }];
    expect((await patch(group, add, stale)).status).toBe(204);
    expect((await patch(group, [{ op: 'remove', path: 'members' }], stale)).status).toBe(412);
    expect((await world.send({ method: 'DELETE', path: `/Groups/${group.id}`, headers: stale })).status).toBe(412);
    const now = await world.get(`/Groups/${group.id}`);
    const cached = { 'If-None-Match': String(now.headers['etag']) };
    expect((await world.send({ method: 'GET', path: `/Groups/${group.id}`, headers: cached })).status).toBe(304);
    expect(await membersOf(group)).toEqual([id(0)]);
  });

  test('members are left out where they are not asked for; a PATCH that names attributes is answered with them', async () => {
    const group = await post('Shown', [id(0)]);
    expect((await world.get(`/Groups/${group.id}?excludedAttributes=members`)).json.members).toBeUndefined();
    expect((await world.get('/Groups?attributes=displayName')).json.Resources[0]).toEqual({
      schemas: [GROUP],
      id: group.id,
      displayName: 'Shown',
    });
    const answer = await patch(group, [{ op: 'remove', path: 'members' }], {}, '?attributes=members');
    expect([answer.status, answer.json.id, answer.json.members]).toEqual([200, group.id, undefined]);
  });

  test('DELETE: 204, then 404; members stay users, and the name is free', async () => {
    const group = await post('Gone', [id(0)]);
    const remove = () => world.send({ method: 'DELETE', path: `/Groups/${group.id}` });
    expect((await remove()).status).toBe(204);
    for (const { status } of [
      await remove(),
      await world.get(`/Groups/${group.id}`),
      await patch(group, [{ op: 'remove', path: 'members' }]),
    ])
      expect(status).toBe(404);
    expect((await world.get('/Groups')).json.totalResults).toBe(0);
    expect((await world.get(`/Users/${id(0)}`)).json.groups).toBeUndefined();
    await post('Gone');
  });

  test('people stay members while they are switched off; deleted they are shown nowhere', async () => {
    const group = await post('Leavers', [id(0), id(1)]);
    await world.patch(id(0), [{ op: 'replace', path: 'active', value: false }]);
    expect(await membersOf(group)).toEqual(sorted(id(0), id(1)));
    expect((await world.get(`/Users/${id(0)}`)).json.groups).toHaveLength(1);
    await world.send({ method: 'DELETE', path: `/Users/${id(1)}` });
    expect(await membersOf(group)).toEqual([id(0)]);
    const filter = encodeURIComponent(`members[value eq "${id(1)}"]`);
    expect((await world.get(`/Groups?filter=${filter}`)).json.totalResults).toBe(0);
  });

  test('User.groups says directly and through others, by name, and cannot be written', async () => {
    const inner = await post('Inner', [id(0)]);
    const outer = await post('Outer', [inner.id]);
    await patch(inner, [{ op: 'add', path: 'members', value: [{ value: outer.id }] }]);
    const shown = (await world.get(`/Users/${id(0)}`)).json;
    expect(shown.groups.toSorted((a: Json, b: Json) => (a.display < b.display ? -1 : 1))).toEqual([
      { value: inner.id, $ref: `${world.base}/Groups/${inner.id}`, display: 'Inner', type: 'direct' },
      { value: outer.id, $ref: `${world.base}/Groups/${outer.id}`, display: 'Outer', type: 'indirect' },
    ]);
    const listed = (await world.get('/Users?count=10')).json.Resources;
    expect(listed.map((user: Json) => (user.groups ?? []).length)).toEqual([2, 0, 0, 0]);
    const filtered = await world.get(`/Users?filter=${encodeURIComponent('groups.display eq "outer"')}`);
    expect(filtered.json.Resources.map((user: Json) => user.id)).toEqual([id(0)]);
    const put = await world.put(`/Users/${id(0)}`, { schemas: [CORE], userName: 'p0@acme.test', groups: [] });
    expect(put.json.groups).toHaveLength(2);
    const written = await world.patch(id(0), [{ op: 'replace', path: 'groups', value: [] }]);
    expect([written.status, written.json.scimType]).toEqual([400, 'mutability']);
  });

  test.each<[string, (all: readonly string[]) => string, readonly string[]]>([
    ['members eq', (all) => `members eq "${all[0]}"`, ['A', 'B']],
    ['members[value eq]', (all) => `members[value eq "${all[1]}"]`, ['B']],
    ['members.value eq and a name', (all) => `members.value eq "${all[0]}" and displayName eq "a"`, ['A']],
    ['not', (all) => `not (members eq "${all[1]}")`, ['A', 'C']],
    ['or', (all) => `members eq "${all[1]}" or displayName sw "c"`, ['B', 'C']],
    ['pr', () => 'members pr', ['A', 'B']],
    ['type', () => 'members[type eq "Group"]', []],
    ['externalId', () => 'externalId eq "x-C"', ['C']],
    ['externalId in another case', () => 'externalId eq "X-c"', []],
    ['an id', () => 'id eq "nobody"', []],
  ])('filter: %s', async (_name, filter, found) => {
    await post('A', [id(0)]);
    await post('B', [id(0), id(1)]);
    await world.post('/Groups', { schemas: [GROUP], displayName: 'C', externalId: 'x-C' });
    for (const answer of [
      await world.get(`/Groups?filter=${encodeURIComponent(filter(ids))}`),
      await world.post('/Groups/.search', { filter: filter(ids) }),
    ]) {
      expect(answer.status).toBe(200);
      expect(answer.json.Resources.map((group: Json) => group.displayName)).toEqual(found);
      expect(answer.json.totalResults).toBe(found.length);
    }
  });

  test('sorted and paged; another organisation sees nothing of it', async () => {
    for (const name of ['b', 'A', 'c']) await post(name, [id(0)]);
    const names = async (query: string) =>
      (await world.get(`/Groups?${query}`)).json.Resources.map((group: Json) => group.displayName);
    expect(await names('sortBy=displayName')).toEqual(['A', 'b', 'c']);
    expect(await names('sortBy=displayName&sortOrder=descending&startIndex=2&count=1')).toEqual(['b']);
    expect((await world.get('/Groups', world.secrets.globex)).json.totalResults).toBe(0);
    const foreign = await world.post(
      '/Groups',
      { schemas: [GROUP], displayName: 'x', members: [{ value: id(0) }] },
      world.secrets.globex,
    );
    expect([foreign.status, foreign.json.members]).toEqual([201, undefined]);
  });

  test('the audit trail says who came and went', async () => {
    const group = await post('Audited', [id(0)]);
    await patch(group, [{ op: 'replace', path: 'members', value: [{ value: id(1) }] }]);
    const claims = await world.storage.effects.claimDue(1_000, 1);
    const events = claims
      .flatMap(({ effects }) => effects)
      .flatMap(({ body }) => (body.kind === 'audit' ? [body.event] : []));
    const mine = events.filter(({ target }) => target.id === group.id);
    expect(mine.map(({ action }) => action)).toEqual(['group.created', 'group.updated']);
    expect(mine[0]).toMatchObject({ mouth: 'scimPost', after: { displayName: 'Audited', membersAdded: [id(0)] } });
    expect(mine[1]).toMatchObject({ before: { membersRemoved: [id(0)] }, after: { membersAdded: [id(1)] } });
  });
});
