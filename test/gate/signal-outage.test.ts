// Signals while the store is away, and at each moment at which it may go: never an untrue acknowledgement, and the same token completes the work.

import type { Storage } from '#storage/storage.ts';
import { StorageError } from '#storage/storage-error.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { Browser } from '../harness/browser.ts';
import { observeStorage, type Observer } from './observed-storage.ts';
import { beginSignIn, changeConnection, sessionStatus } from './oidc-world.ts';
import {
  caep,
  eventToken,
  logoutToken,
  openSignalWorld,
  push,
  revocationToken,
  revoke,
  sendLogout,
  type SignalAnswer,
  type SignalWorld,
} from './signal-world.ts';

describeAtDoors('signals and the store', (open) => {
  let world: SignalWorld;
  let observer: Observer;
  beforeEach(async () => {
    observer = async () => undefined;
    const gateStorage = (storage: Storage) => observeStorage(storage, (moment) => observer(moment));
    world = await openSignalWorld(await open(), { gateStorage });
  });
  afterEach(() => world.close());

  const subject = () => ({ format: 'iss_sub', iss: world.provider.issuer, sub: 'subject-1' });
  type Door = () => Promise<() => Promise<SignalAnswer>>;
  const doors: readonly [string, Door, readonly number[]][] = [
    [
      'security-events',
      async () => {
        const token = await eventToken(world, `${caep}session-revoked`, subject());
        return () => push(world, token);
      },
      [202],
    ],
    [
      'global-token-revocation',
      async () => {
        const token = await revocationToken(world);
        return () => revoke(world, token, { sub_id: subject() });
      },
      // What was carried out and noted before the answer was lost counts as used.
      [204, 401],
    ],
    [
      'backchannel-logout',
      async () => {
        const token = await logoutToken(world, { sub: 'subject-1' });
        return () => sendLogout(world, token);
      },
      [200, 400],
    ],
  ];

  test.each(doors)(
    '%s: cut off before and after each call, it says 503 or the truth, and sent again it is done',
    async (_door, prepare, done) => {
      const away = async (): Promise<never> => {
        throw new StorageError('unavailable', 'away');
      };
      const moments: string[] = [];
      await world.signIn();
      const first = await prepare();
      observer = async (moment) => void moments.push(moment);
      expect((await first()).status).toBe(done[0]);
      observer = async () => undefined;
      expect(moments.length).toBeGreaterThan(3);
      for (let at = 0; at < moments.length; at += 1) {
        const browser = await world.signIn();
        const deliver = await prepare();
        let seen = 0;
        observer = async () => (seen++ < at ? undefined : away());
        const answer = await deliver();
        observer = async () => undefined;
        if (answer.status === 503) expect(answer.headers.get('retry-after')).not.toBeNull();
        else expect(answer.status).toBe(done[0]);
        if (answer.status === 503) expect(done).toContain((await deliver()).status);
        expect(await world.sessions(browser)).toEqual([401]);
      }
    },
  );

  test('a sign-in that read the person before a revocation opens nothing that is of use after it', async () => {
    await world.signIn();
    await changeConnection(world, 'corp', () => ({}));
    const browser = new Browser();
    const back = await beginSignIn(world, browser);
    let revoked = 0;
    observer = async (moment) => {
      if (moment !== 'before session.insert' || revoked > 0) return;
      revoked = (await revoke(world, await revocationToken(world), { sub_id: subject() })).status;
    };
    await browser.go(back.href);
    observer = async () => undefined;
    expect(revoked).toBe(204);
    expect(await sessionStatus(world, browser)).toBe(401);
    expect(await world.sessions(await world.signIn())).toEqual([200]);
  });
});
