// Sessions and refusals as administrators see them: end one, end all, what was found then and now, whom people may ask.

import { noteDoorRefusal } from '#gate/sessions/door-refusal.ts';
import { noteNotAllowed } from '#gate/sessions/refuse-app-use.ts';
import { resumeSession } from '#gate/sessions/resume-session.ts';
import { openSession } from '#gate/sessions/session.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, GroupId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, openAdminHouse, type AdminHouse } from './admin-house.ts';

const okta = 'okta' as ConnectionId;
const by: ChangeContext = { actor: { kind: 'cli' }, mouth: 'cli' };

describeAtDoors('sessions and refusals for administrators', (open) => {
  const at = '/organizations/acme';
  let house: AdminHouse;
  beforeEach(async () => {
    house = await openAdminHouse(await open());
  });
  afterEach(() => house.stop());

  const enter = ({ id, epoch }: User): Promise<string> =>
    openSession(house.context.gate, { organizationId: acme, userId: id, epoch, connection: okta });
  const stateOf = async (token: string) => (await resumeSession(house.context.gate, token)).kind;
  const auditOf = async (user: User) => {
    await house.context.settleEffects();
    const { body } = await house.call('get', `${at}/audit?limit=200`).expect(200);
    return (body.items as { action: string; target: { id: string }; actor: string; reason?: string }[]).filter(
      ({ target }) => target.id === user.id,
    );
  };

  test('one session is ended: it alone, audited, and a second time changes nothing', async () => {
    const user = await house.add('aoki');
    const tokens = [await enter(user), await enter(user)];
    const { body: list } = await house.call('get', `${at}/users/${user.id}/sessions`).expect(200);
    expect(list.items).toHaveLength(2);
    const id = list.items[1].id as string;
    const end = `${at}/users/${user.id}/sessions/${id}/end`;
    const { body } = await house.call('post', end, { reason: 'lost laptop' }).expect(200);
    expect(body).toEqual({ sessionsEnded: 1, change: expect.any(String) });
    const states = await Promise.all(tokens.map(stateOf));
    expect(states.toSorted()).toEqual(['nobody', 'signedIn']);
    const { body: again } = await house.call('post', end, {}).expect(200);
    expect(again).toEqual({ sessionsEnded: 0, change: null });
    expect((await auditOf(user)).filter(({ action }) => action === 'session.ended')).toMatchObject([
      { reason: 'lost laptop', actor: expect.stringContaining('administrator:') },
    ]);
    const { body: after } = await house.call('get', `${at}/users/${user.id}/sessions`).expect(200);
    expect(after.items.find((session: { id: string }) => session.id === id)).toMatchObject({
      live: false,
      cause: 'endedByAdministrator',
    });
    const other = await house.add('baba');
    const unknown = await house.call('post', `${at}/users/${other.id}/sessions/${id}/end`, {}).expect(404);
    expect(unknown.body.code).toBe('sessionNotFound');
  });

  test('all sessions are ended at once; status and seat stay, and a new session is good', async () => {
    const user = await house.add('aoki');
    const tokens = [await enter(user), await enter(user)];
    const before = await house.call('get', `${at}/users/${user.id}`).expect(200);
    const { body } = await house.call('post', `${at}/users/${user.id}/sessions/end-all`, {}).expect(200);
    expect(body).toEqual({ sessionsEnded: 2, change: expect.any(String) });
    expect(await Promise.all(tokens.map(stateOf))).toEqual(['nobody', 'nobody']);
    const after = await house.call('get', `${at}/users/${user.id}`).expect(200);
    expect(after.body).toEqual(before.body);
    expect(after.headers['etag']).toBe(before.headers['etag']);
    // The session of a sign-in that had read the person before.
    expect(await stateOf(await enter(user))).toBe('nobody');
    const now = await house.context.storage.users.get(acme, user.id);
    if (now === null) throw new Error('gone');
    expect(await stateOf(await enter(now))).toBe('signedIn');
    expect((await auditOf(user)).map(({ action }) => action)).toContain('user.sessionsEnded');
    const { body: seats } = await house.call('get', `${at}/seats`).expect(200);
    expect(seats).toMatchObject({ used: 1, waiting: 0 });
    await house.call('post', `${at}/users/${user.id}/sessions/end-all`, {}, house.keys.acmeRead).expect(403);
    await house.call('post', `${at}/users/01900000-0000-7000-8000-000000000000/sessions/end-all`, {}).expect(404);
  });

  test('sessions of someone inactive can be ended too, and nothing else of them changes', async () => {
    const user = await house.add('aoki');
    await house.call('post', `${at}/users/${user.id}/deactivate`, { reason: 'left' }).expect(200);
    const before = await house.call('get', `${at}/users/${user.id}`).expect(200);
    const { body } = await house.call('post', `${at}/users/${user.id}/sessions/end-all`, {}).expect(200);
    expect(body).toMatchObject({ sessionsEnded: 0 });
    const after = await house.call('get', `${at}/users/${user.id}`).expect(200);
    expect(after.body).toEqual(before.body);
  });

  test('a refusal by its reference: the checks, what was found then, and what is found now', async () => {
    const user = await house.add('aoki');
    const token = await enter(user);
    await house.call('post', `${at}/users/${user.id}/deactivate`, { reason: 'left', note: 'private' }).expect(200);
    const resumed = await resumeSession(house.context.gate, token);
    if (resumed.kind !== 'held') throw new Error(resumed.kind);
    const reference = await noteDoorRefusal(house.context.gate, { ...resumed, door: 'session' });
    await house.call('post', `${at}/users/${user.id}/reactivate`).expect(200);

    const { body } = await house.call('get', `${at}/sign-ins/${reference}`).expect(200);
    expect(body).toMatchObject({
      outcome: 'refused',
      reason: 'accountInactive',
      protocol: 'session',
      door: { name: 'session' },
      why: [
        { step: 'session', passed: true },
        { step: 'access', passed: false },
      ],
      then: [
        { check: 'organizationOpen', passed: true },
        { check: 'accountExists', passed: true },
        { check: 'hold:admin', passed: false, detail: expect.stringContaining('reason: left') },
      ],
      now: { allowed: true, reason: null },
    });
    expect(JSON.stringify(body.then)).not.toContain('private');
    expect(body.now.checks.every(({ passed }: { passed: boolean }) => passed)).toBe(true);
    const { body: why } = await house.call('get', `${at}/users/${user.id}/why`).expect(200);
    expect(why).toMatchObject({ allowed: true, refusals: [{ reference, reason: 'accountInactive' }] });
    await house.call('get', `/organizations/other/sign-ins/${reference}`, undefined, house.keys.other).expect(404);
  });

  test('a refusal by an app: what it asked for then and what it asks for now, by the names of its groups', async () => {
    const user = await house.add('aoki');
    const { provisioning, gate } = house.context;
    const group = async (displayName: string) =>
      (await provisioning.createGroup(acme, { profile: { displayName }, members: [] }, by)).group.id;
    const [staff, few] = [await group('Staff'), await group('Few')];
    const rules = [{ path: '/few/', access: { groups: [few] } }];
    const app = { id: 'wiki', name: 'Wiki', forwardAuth: { hosts: ['wiki.example.com'], rules } };
    await house.call('post', `${at}/apps`, { ...app, groups: [staff] }).expect(201);
    const resumed = await resumeSession(gate, await enter(user));
    if (resumed.kind !== 'signedIn') throw new Error(resumed.kind);
    const { session } = resumed;
    const refuse = (path: string, groups: readonly GroupId[]) =>
      noteNotAllowed(gate, { session, app: 'wiki', demands: [{ groups, isMember: false }], path }, 'forwardAuth');
    const [whole, part] = [await refuse('/page', [staff]), await refuse('/few/x', [few])];

    const explain = async (reference: string | null) =>
      (await house.call('get', `${at}/sign-ins/${reference}`).expect(200)).body;
    const asked = (name: string, passed = false) => ({
      check: 'groups',
      passed,
      detail: `${passed ? 'In one' : 'In none'} of the groups that the app wiki asks for: ${name}.`,
    });
    const before = await explain(whole);
    expect(before).toMatchObject({
      reason: 'notAllowed',
      door: { name: 'forwardAuth', app: 'wiki', path: '/page' },
      why: [{ step: 'session' }, { step: 'access', passed: true }, { step: 'app', passed: false }],
      then: [
        { check: 'organizationOpen' },
        { check: 'accountExists' },
        { check: 'noHold', passed: true },
        asked('Staff'),
      ],
      now: {
        allowed: false,
        reason: 'notAllowed',
        sentence: 'Display aoki can come in, but the app wiki, or that part of it, is not for them.',
      },
    });
    expect(before.now.checks.at(-1)).toEqual(asked('Staff'));
    const { body: why } = await house.call('get', `${at}/users/${user.id}/why`).expect(200);
    expect(why).toMatchObject({
      allowed: true,
      refusals: [{ reference: part }, { reference: whole }],
      apps: [
        { app: 'wiki', path: '/few/x', reference: part, now: { reason: 'notAllowed' } },
        { app: 'wiki', path: '/page', reference: whole },
      ],
    });
    expect(why.apps[0].then.at(-1)).toEqual(asked('Few'));

    await provisioning.changeGroup(acme, staff, async ({ profile }) => ({ profile, add: [user.id], remove: [] }), by);
    const after = await explain(whole);
    expect(after.then.at(-1)).toEqual(asked('Staff'));
    expect(after.now).toMatchObject({ allowed: true, reason: null, sentence: 'Display aoki can come in.' });
    expect(after.now.checks.at(-1)).toEqual(asked('Staff', true));
    expect((await explain(part)).now.allowed).toBe(false);
    // The app is asked as it is now: first without that rule, then for nobody left, then it is gone.
    await house.call('put', `${at}/apps/wiki`, { ...app, forwardAuth: { hosts: ['wiki.example.com'] } }).expect(200);
    expect((await explain(part)).now.checks.at(-1)).toMatchObject({ passed: true });
    await house.call('put', `${at}/apps/wiki`, { ...app, groups: [staff] }).expect(200);
    await provisioning.removeGroup(acme, few, by);
    expect((await explain(part)).now.checks.at(-1)).toEqual(asked(`${few} (deleted)`));
    await house.call('delete', `${at}/apps/wiki`).expect(200);
    expect((await explain(part)).now.checks.at(-1)).toMatchObject({ check: 'app', passed: false });
    await house.call('post', `${at}/users/${user.id}/deactivate`, {}).expect(200);
    expect((await explain(whole)).now).toMatchObject({ allowed: false, reason: 'accountInactive' });
    await house.call('get', `/organizations/other/sign-ins/${whole}`, undefined, house.keys.other).expect(404);
  });

  test('whom people may ask is a setting of the organisation: set, shown, taken away, audited, checked', async () => {
    const contact = { text: 'IT help desk', email: 'help@acme.example' };
    const { body: set } = await house.call('put', at, { contact }).expect(200);
    expect(set).toMatchObject({ organization: { contact, name: 'acme' }, change: expect.any(String) });
    const { body: same } = await house.call('put', at, { contact }).expect(200);
    expect(same.change).toBeNull();
    const { body: renamed } = await house.call('put', at, { name: 'Acme K.K.' }).expect(200);
    expect(renamed.organization).toMatchObject({ name: 'Acme K.K.', contact });
    for (const wrong of [{ contact: { email: 'no address' } }, { contact: { text: '' } }, { contact: { phone: '1' } }])
      await house.call('put', at, wrong).expect(400);
    await house.call('put', at, { timeZone: 'Nowhere/Else' }).expect(400);
    await house.call('put', at, { contact: null }, house.keys.acmeRead).expect(403);
    expect((await house.call('get', at).expect(200)).body).toMatchObject({ contact, timeZone: 'Asia/Tokyo' });
    const { body: gone } = await house.call('put', at, { contact: null }).expect(200);
    expect(gone.organization).not.toHaveProperty('contact');
    await house.context.settleEffects();
    const { body: audit } = await house.call('get', `${at}/audit?limit=200`).expect(200);
    const changes = audit.items.filter(({ action }: { action: string }) => action === 'organization.updated');
    expect(changes).toMatchObject([{ before: { contact } }, { after: { name: 'Acme K.K.' } }, { after: { contact } }]);
  });
});
