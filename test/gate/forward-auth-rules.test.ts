// What holds for a path of an app, and for whom: public paths, groups as they are now, and paths that could be read in two ways.

import fc from 'fast-check';
import type { App } from '#directory/app.ts';
import type { GroupId } from '#directory/identifiers.ts';
import { decidePath, toPlainPath } from '#gate/forward-auth/path-rules.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser, type Visit } from '../harness/browser.ts';
import { enterApp } from './app-visits.ts';
import { by, organization } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { login, openOidcWorld, type OidcWorld } from './oidc-world.ts';

const host = 'wiki.example.com';

describe('path rules', () => {
  const staff = ['g-staff'] as unknown as readonly GroupId[];
  const admins = ['g-admins'] as unknown as readonly GroupId[];
  const app: Pick<App, 'groups' | 'forwardAuth'> = {
    groups: staff,
    forwardAuth: {
      hosts: [host],
      rules: [
        { path: '/assets/private/', access: { groups: admins } },
        { path: '/assets/', access: 'public' },
        { path: '/health', access: 'public' },
        { path: '/admin/', access: { groups: admins } },
      ],
    },
  };
  const all = [staff, admins, admins];

  test.each([
    ['/assets/logo.svg', true, []],
    ['/assets/?x=/../admin/', true, []],
    ['/%61ssets/logo.svg', true, []],
    ['/health', true, []],
    ['/', false, [staff]],
    ['/page', false, [staff]],
    ['/admin/users', false, [admins]],
    ['/%61dmin/users', false, [admins]],
    ['/assets/private/key', false, [admins]],
    // What opens does so letter by letter; what narrows also holds for what an app may take for it.
    ['/assets', false, [staff]],
    ['/Assets/logo.svg', false, [staff]],
    ['/health/', false, [staff]],
    ['/admin', false, [staff, admins]],
    ['/ADMIN/users', false, [staff, admins]],
    ['/assets/Private/key', false, [admins]],
  ] as const)('%s: public %s', (uri, isPublic, groups) => {
    expect(decidePath(app, uri)).toEqual({ isPublic, groups });
  });

  test.each([
    '/assets/../admin/',
    '/assets/%2e%2e/admin/',
    '/assets/%2E./admin/',
    '/assets/..%2fadmin/',
    '/assets/%2fadmin',
    '/assets/..;/admin/',
    '/assets/;x',
    '/assets//admin/',
    '//assets/x',
    '/assets/..\\admin/',
    '/assets/%5c..%5cadmin',
    '/assets/./x',
    '/assets/%252e%252e/admin/',
    '/assets/%3f/../x',
    '/assets/%00',
    '/assets/%0d%0a',
    '/assets/%',
    '/assets/%zz',
    '/assets/#/admin',
  ])('%s can be read in two ways: only who may go everywhere', (uri) => {
    expect(toPlainPath(uri)).toBeNull();
    expect(decidePath(app, uri)).toEqual({ isPublic: false, groups: all });
  });

  test('without rules the spelling opens and closes nothing', () => {
    const plain = { groups: staff, forwardAuth: { hosts: [host], rules: [] } };
    for (const uri of ['/x', '/a%2fb', '/a//b', undefined])
      expect(decidePath(plain, uri)).toEqual({ isPublic: false, groups: [staff] });
  });

  test('no path that a browser or app folds into another is public unless what it folds into is', () => {
    const piece = fc.constantFrom(
      'assets',
      'Assets',
      'admin',
      '..',
      '.',
      '',
      '%2e%2e',
      '%2e',
      '%2f',
      ';',
      'x',
      '%61dmin',
      '%5c',
      '%25',
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 6 }), (pieces) => {
        const uri = `/${pieces.join('/')}`;
        if (!decidePath(app, uri).isPublic) return;
        const folded = decodeURIComponent(new URL(uri, 'http://app.invalid').pathname);
        expect(folded.startsWith('/assets/') || folded === '/health').toBe(true);
        expect(folded).not.toMatch(/admin\/\.\.|\/\//);
      }),
      { numRuns: 2_000 },
    );
  });
});

describeAtDoors('forward-auth rules', (open) => {
  let world: OidcWorld;
  let observer: Observer;
  let cookie: string;
  let group: GroupId;
  beforeEach(async () => {
    observer = async () => undefined;
    world = await openOidcWorld(await open(), {
      gateStorage: (storage) => observeStorage(storage, (moment) => observer(moment)),
    });
    const inner = await createGroup('Inner', [world.user.id]);
    group = await createGroup('Outer', [inner]);
    await world.addApp('wiki', [host], {
      forwardAuth: {
        hosts: [host],
        rules: [
          { path: '/public/', access: 'public' },
          { path: '/group/', access: { groups: [group] } },
        ],
      },
    });
    const browser = new Browser();
    await login(world, browser);
    cookie = `__Host-furlough-app=${await enterApp(world, browser, host)}`;
  });
  afterEach(() => world.close());

  async function createGroup(displayName: string, members: readonly string[]): Promise<GroupId> {
    const created = await world.provisioning.createGroup(organization, { profile: { displayName }, members }, by);
    return created.group.id;
  }
  const ask = (uri: string, headers: Readonly<Record<string, string>> = { cookie }): Promise<Visit> =>
    new Browser().go(`${world.baseUrl}/gate/forward-auth`, {
      follow: false,
      headers: {
        accept: 'application/json',
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'https',
        'x-forwarded-host': host,
        'x-forwarded-uri': uri,
        ...headers,
      },
    });

  test('groups are decided as they are now, nested ones included; what the app is told follows within half a minute', async () => {
    const passed = await ask('/group/x');
    expect([passed.status, passed.headers.get('remote-groups')]).toEqual([200, 'Inner,Outer']);
    const inner = (await world.storage.groups.findByKey(organization, { kind: 'displayName', value: 'inner' }))[0]!;
    await world.provisioning.changeGroup(
      organization,
      inner.id,
      async ({ profile }) => ({ profile, add: [], remove: [world.user.id] }),
      by,
    );
    const refused = await ask('/group/x');
    expect([refused.status, JSON.parse(refused.body)]).toEqual([
      403,
      expect.objectContaining({ reason: 'notAllowed' }),
    ]);
    expect(refused.headers.has('remote-user')).toBe(false);
    expect((await ask('/page')).status).toBe(200);
    world.clock.now += 30_000;
    expect((await ask('/page')).headers.get('remote-groups')).toBe('');
  });

  test('a group that was deleted opens nothing', async () => {
    expect((await ask('/group/x')).status).toBe(200);
    await world.provisioning.removeGroup(organization, group, by);
    expect((await ask('/group/x')).status).toBe(403);
  });

  test('a public path passes nobody as nobody, whoever asks and whether they may come in or not', async () => {
    const pass = async () => {
      for (const headers of [{}, { cookie }]) {
        const passed = await ask('/public/x', headers);
        expect([passed.status, passed.headers.get('remote-user'), passed.headers.get('x-furlough-jwt')]).toEqual([
          200,
          '',
          '',
        ]);
      }
    };
    await pass();
    expect((await ask('/group/x')).status).toBe(200);
    await world.deactivate(world.user);
    await pass();
    expect((await ask('/group/x')).status).toBe(403);
    expect((await ask('/public', {})).status).toBe(401);
    expect((await ask('/public/../page', {})).status).toBe(401);
  });

  test('D01 a store that does not answer lets nobody in, not to a public path either', async () => {
    for (const uri of ['/public/x', '/group/x', '/page']) {
      observer = async () => undefined;
      expect((await ask(uri)).status).toBe(200);
      observer = async () => {
        throw new StorageError('unavailable', 'planted outage');
      };
      const away = await ask(uri);
      expect([away.status, away.headers.get('remote-user')]).toEqual([503, null]);
    }
  });
});
