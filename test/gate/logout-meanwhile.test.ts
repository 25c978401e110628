// A provider that signs a person out while their sign-in is under way here: the session it would open is refused or ended, whatever comes first,
// on whichever node. Words about others, and words older than the sign-in, change nothing.

import type { ConnectionId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { countLiveSessions } from '#gate/sessions/end-sessions.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors, describeOnBothStorages } from '../harness/both-storages.ts';
import { isFull } from '../harness/test-scale.ts';
import { Browser } from '../harness/browser.ts';
import { toRedirectQuery, writeLogoutRequest, type LogoutRequestWords } from '../harness/saml-logout.ts';
import { organization, type GateWorld } from './gate-world.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { changeConnection, login, sessionStatus } from './oidc-world.ts';
import { begin, openSamlWorld, post, reasons, type SamlWorld } from './saml-world.ts';
import { caep, eventToken, logoutToken, openSignalWorld, push, sendLogout, type SignalWorld } from './signal-world.ts';

let observer: Observer = () => Promise.resolve();
const gateStorage = (storage: Storage): Storage => observeStorage(storage, (moment) => observer(moment));
afterEach(() => {
  observer = () => Promise.resolve();
});

/** Does something once, when what `isThen` says of the moments so far becomes true; answers whether it was done. */
function meanwhile(isThen: (moment: string, at: number) => boolean, work: () => Promise<unknown>): () => boolean {
  let at = 0;
  let isDone = false;
  observer = async (moment) => {
    if (isDone || !isThen(moment, at++)) return;
    isDone = true;
    await work();
  };
  return () => isDone;
}

/** The moments of a sign-in from the one at which the provider's answer was accepted. */
async function momentsOf(signIn: () => Promise<unknown>): Promise<readonly string[]> {
  // The first of a person stores their link, once.
  await signIn();
  const moments: string[] = [];
  observer = async (moment) => void moments.push(moment);
  await signIn();
  observer = () => Promise.resolve();
  const accepted = moments.indexOf('after attempt.take');
  expect(moments.slice(accepted)).toEqual(
    expect.arrayContaining(['before session.insert', 'after session.insert', 'before recentLogout.getMany']),
  );
  return moments.map((moment, at) => (at < accepted ? '' : moment));
}

const readConnection = async (world: GateWorld, id: string) =>
  (await world.storage.records(connectionRecords).get(connectionRecordId(organization, id as ConnectionId), 0))?.value;

const live = (world: GateWorld & { readonly user: User }) =>
  countLiveSessions(world.context, organization, world.user.id);

describeOnBothStorages('a logout token during a sign-in', (open, kind) => {
  let world: SignalWorld;
  beforeEach(async () => {
    world = await openSignalWorld(await open(), { gateStorage });
    world.provider.lies = { claims: (claims) => ({ ...claims, sid: 'sid-1' }) };
  });
  afterEach(() => world.close());

  const signIn = async (): Promise<Browser> => {
    world.clock.now += 1_000;
    const browser = new Browser();
    await login(world, browser);
    return browser;
  };
  const send = async (names: Readonly<Record<string, unknown>>) => {
    expect((await sendLogout(world, await logoutToken(world, names))).status).toBe(200);
  };
  /** The moments are the gate's own; in the short run the stand-in for MongoDB is asked at a few. */
  const everyMoment = kind === 'sqlite' || isFull;
  const own = [{ sub: 'subject-1' }, { sid: 'sid-1' }, { sub: 'subject-1', sid: 'sid-1' }] as const;

  test('at each await point after the answer was accepted: no usable session; the next sign-in stands', async () => {
    const moments = await momentsOf(signIn);
    await send({ sub: 'subject-1' });
    for (const [at, moment] of moments.entries()) {
      if (moment === '' || (!everyMoment && at % 4 !== 1)) continue;
      const isDone = meanwhile(
        (_moment, now) => now === at,
        () => send(own[at % own.length] ?? {}),
      );
      const browser = await signIn();
      expect(isDone()).toBe(true);
      expect([moment, await sessionStatus(world, browser)]).toEqual([moment, 401]);
      expect(await live(world)).toBe(0);
    }
    const next = await signIn();
    expect([await sessionStatus(world, next), await live(world)]).toEqual([200, 1]);
  }, 120_000);

  test.each(own)('%j before the session is written: refused with a page that says so, and recorded', async (names) => {
    meanwhile(
      (moment) => moment === 'before session.insert',
      () => send(names),
    );
    world.clock.now += 1_000;
    const browser = new Browser();
    const visit = await login(world, browser);
    expect([visit.status, visit.body.includes('signed you out while you were signing in')]).toEqual([403, true]);
    expect((await world.signIns())[0]).toMatchObject({ outcome: 'refused', reason: 'loggedOutMeanwhile' });
    expect(await sessionStatus(world, browser)).toBe(401);
  });

  test.each<[string, Readonly<Record<string, unknown>>]>([
    ['another subject', { sub: 'subject-2' }],
    ['another session', { sid: 'sid-2' }],
    ['this session of another subject', { sub: 'subject-2', sid: 'sid-1' }],
    ['another session of this subject', { sub: 'subject-1', sid: 'sid-2' }],
  ])('of %s: the sign-in stands', async (_whom, names) => {
    const isDone = meanwhile(
      (moment) => moment === 'before session.insert',
      () => send(names),
    );
    expect([await sessionStatus(world, await signIn()), isDone()]).toEqual([200, true]);
  });

  test('what the provider said before it issued the token comes late and changes nothing; within one second it counts', async () => {
    const late = (secondsAgo: number) => async () => {
      const iat = Math.floor(world.clock.now / 1_000) - secondsAgo;
      await send({ sub: 'subject-1', iat });
    };
    meanwhile((moment) => moment === 'before session.insert', late(1));
    expect(await sessionStatus(world, await signIn())).toBe(200);
    meanwhile((moment) => moment === 'before session.insert', late(0));
    expect(await sessionStatus(world, await signIn())).toBe(401);
    // The later word stands, whichever comes last.
    meanwhile(
      (moment) => moment === 'before session.insert',
      async () => {
        await late(0)();
        await late(5)();
      },
    );
    expect(await sessionStatus(world, await signIn())).toBe(401);
  });

  test('another connection of the same provider is not meant', async () => {
    const { signIn: settings } = (await readConnection(world, 'corp')) ?? {};
    await world.addConnection('second', { match: 'off', ...(settings === undefined ? {} : { signIn: settings }) });
    const logout = world.url.logout.replace('/corp/', '/second/');
    const isDone = meanwhile(
      (moment) => moment === 'before session.insert',
      async () => {
        const token = await logoutToken(world, { sub: 'subject-1' });
        expect((await sendLogout({ ...world, url: { ...world.url, logout } }, token)).status).toBe(200);
      },
    );
    world.clock.now += 1_000;
    const browser = new Browser();
    await login(world, browser, '?connection=corp');
    expect([await sessionStatus(world, browser), isDone()]).toEqual([200, true]);
  });

  test('heard by another node, it counts on this one', async () => {
    const node = await world.openNode();
    const logout = world.url.logout.replace(world.baseUrl, node);
    meanwhile(
      (moment) => moment === 'before session.insert',
      async () => {
        const token = await logoutToken(world, { sid: 'sid-1' });
        expect((await sendLogout({ ...world, url: { ...world.url, logout } }, token)).status).toBe(200);
      },
    );
    const browser = await signIn();
    expect([await sessionStatus(world, browser), await live(world)]).toEqual([401, 0]);
  });

  test('where the word cannot be written or looked up nothing is answered as done: 503, and no session', async () => {
    const away = (): never => {
      throw new StorageError('unavailable', 'away');
    };
    observer = async (moment) => {
      if (moment === 'before recentLogout.getMany') away();
    };
    const browser = new Browser();
    world.clock.now += 1_000;
    expect((await login(world, browser)).status).toBe(503);
    observer = async (moment) => {
      if (moment === 'before recentLogout.insertOnce') away();
    };
    expect(await sessionStatus(world, browser)).toBe(401);
    const token = await logoutToken(world, { sub: 'subject-1' });
    expect((await sendLogout(world, token)).status).toBe(503);
    observer = () => Promise.resolve();
    expect((await sendLogout(world, token)).status).toBe(200);
  });

  test('a security event about a subject who signs in for the first time reaches that sign-in', async () => {
    const subject = { format: 'iss_sub', iss: world.provider.issuer, sub: 'subject-1' };
    const isDone = meanwhile(
      (moment) => moment === 'after attempt.take',
      async () => {
        expect((await push(world, await eventToken(world, `${caep}session-revoked`, subject))).status).toBe(202);
      },
    );
    const browser = await signIn();
    expect([isDone(), await sessionStatus(world, browser), await live(world)]).toEqual([true, 401, 0]);
    expect(await sessionStatus(world, await signIn())).toBe(200);
  });
});

describeAtDoors('a LogoutRequest during a sign-in', (open) => {
  let world: SamlWorld;
  beforeEach(async () => {
    world = await openSamlWorld(await open(), { gateStorage });
    const logoutService = { url: 'https://idp.example/slo' };
    await changeConnection(world, 'corp', () => ({ signIn: { ...world.signIn, logout: 'on', logoutService } }));
  });
  afterEach(() => world.close());

  const signIn = async (): Promise<Browser> => {
    world.clock.now += 1_000;
    const browser = new Browser();
    await post(world, browser, await begin(world, browser));
    return browser;
  };
  const slo = () => `${world.baseUrl}/sso/acme/corp/saml/slo`;
  const send = async (change: Partial<LogoutRequestWords> = {}) => {
    const { now } = world.clock;
    const words = { entityId: world.page.entityId, destination: slo(), nameId: 'aoki@example.com', now, ...change };
    const query = toRedirectQuery(writeLogoutRequest(words).xml, world.page.identityProvider.key);
    expect((await new Browser().go(`${slo()}?${query}`, { follow: false })).status).toBe(302);
  };

  test('at each await point after the answer was accepted: no usable session; the next sign-in stands', async () => {
    const moments = await momentsOf(signIn);
    await send();
    for (const [at, moment] of moments.entries()) {
      if (moment === '') continue;
      const isDone = meanwhile(
        (_moment, now) => now === at,
        () => send(at % 2 === 0 ? {} : { sessionIndexes: ['_session-1'] }),
      );
      const browser = await signIn();
      expect(isDone()).toBe(true);
      expect([moment, await sessionStatus(world, browser)]).toEqual([moment, 401]);
      expect(await live(world)).toBe(0);
    }
    expect(await sessionStatus(world, await signIn())).toBe(200);
  }, 120_000);

  test('of somebody else, of another session, or issued before the assertion: the sign-in stands', async () => {
    for (const change of [{ nameId: 'kato@example.com' }, { sessionIndexes: ['_other'] }, { ago: 1_000 }]) {
      const { ago = 0, ...words } = change as Partial<LogoutRequestWords> & { readonly ago?: number };
      const isDone = meanwhile(
        (moment) => moment === 'before session.insert',
        () => send({ ...words, now: world.clock.now - ago }),
      );
      expect([await sessionStatus(world, await signIn()), isDone()]).toEqual([200, true]);
    }
    meanwhile(
      (moment) => moment === 'before session.insert',
      () => send(),
    );
    expect(await sessionStatus(world, await signIn())).toBe(401);
    expect((await reasons(world))[0]).toBe('loggedOutMeanwhile');
  });
});
