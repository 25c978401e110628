// Who may lift what (model.md, "Status is a set of holds"): all pairs of owners, placed in either order, lifted in either order. Whoever placed a
// hold lifts it, and nobody else's word does.

import type { ConnectionId } from '#directory/identifiers.ts';
import { writeActive } from '#directory/user-change.ts';
import type { StatusLine } from '#provisioning/report-status.ts';
import { describeOnBothStorages } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide, type WriteSide } from './write-side.ts';

type UserId = Awaited<ReturnType<WriteSide['add']>>['id'];

interface Owner {
  readonly name: string;
  /** `kind|source`. */
  readonly hold: string;
  readonly place: (side: WriteSide, id: UserId) => Promise<unknown>;
  readonly lift: (side: WriteSide, id: UserId) => Promise<unknown>;
}

const by = (connection: string) =>
  ({ actor: { kind: 'connection', connection: connection as ConnectionId }, mouth: 'scimPatch' }) as const;

const identityProvider = (connection: string): Owner => {
  const write = (active: boolean) => (side: WriteSide, id: UserId) =>
    side.changeUser(
      acme,
      id,
      ({ holds }) => ({ holds: writeActive(holds, connection as ConnectionId, active, side.clock.now, connection) }),
      by(connection),
    );
  return { name: `identity provider ${connection}`, hold: `idp|${connection}`, place: write(false), lift: write(true) };
};

const feed = (connection: string, status: StatusLine['status'], hold: string): Owner => {
  const report = (word: StatusLine['status']) => async (side: WriteSide, id: UserId) => {
    const organization = await side.storage.organizations.get(acme);
    if (organization === null) throw new Error('no organisation');
    const line = { status: word, effectiveAt: '2027-01-01' };
    return side.reportStatus(organization, id, line, connection as ConnectionId, by(connection));
  };
  return { name: `feed ${connection}, ${status}`, hold, place: report(status), lift: report('active') };
};

const administrator = (reason: string, kind: 'admin' | 'security'): Owner => ({
  name: `administrator, ${reason}`,
  hold: `${kind}|`,
  place: (side, id) => side.deactivateUser(acme, id, { reason }, byAdministrator),
  lift: (side, id) => side.reactivateUser(acme, id, { lift: [kind] }, byAdministrator),
});

const leave: Owner = {
  name: 'administrator, leave',
  hold: 'leave|',
  place: (side, id) => side.planLeave(acme, id, { type: 'leave' }, byAdministrator),
  lift: async (side, id) => {
    const running = (await side.user(id)).leaves?.find(({ state, source }) => state === 'running' && source === '');
    if (running !== undefined) await side.endLeaveNow(acme, id, running.id, byAdministrator);
  },
};

const owners: readonly Owner[] = [
  identityProvider('okta'),
  identityProvider('entra'),
  feed('bamboo', 'terminated', 'hr|bamboo'),
  feed('workday', 'terminated', 'hr|workday'),
  feed('personio', 'leave', 'leave|'),
  administrator('Other', 'admin'),
  administrator('Security', 'security'),
  leave,
];

describeOnBothStorages('who may lift what', (open) => {
  let side: WriteSide;
  beforeEach(async () => {
    side = await createWriteSide(await open(), null);
  });
  const holdsOf = async (id: UserId) =>
    (await side.user(id)).holds.map(({ kind, source }) => `${kind}|${source}`).toSorted();

  // There is one leave at a time: whose it is decides, and the other is refused.
  const pairs = owners.flatMap((first) =>
    owners.filter((second) => second.hold !== first.hold).map((second) => [first, second] as const),
  );

  test('a hold is lifted by whoever placed it, whatever came before and after', async () => {
    for (const [n, [first, second]] of pairs.entries()) {
      const words = `${first.name} + ${second.name}`;
      const { id } = await side.add(`person${n}`);
      await first.place(side, id);
      await second.place(side, id);
      const both = [first.hold, second.hold].toSorted();
      expect([words, await holdsOf(id)]).toEqual([words, both]);
      for (const other of owners) if (other !== first && other !== second) await other.lift(side, id);
      expect([words, await holdsOf(id), (await side.user(id)).active]).toEqual([words, both, false]);
      // Placed again, and lifted twice: nothing more.
      await second.place(side, id).catch((error: unknown) => expect(error).toMatchObject({ code: 'leaveOverlaps' }));
      await first.lift(side, id);
      await first.lift(side, id);
      expect([words, await holdsOf(id), (await side.user(id)).active]).toEqual([words, [second.hold], false]);
      await second.lift(side, id);
      expect([words, await holdsOf(id), (await side.user(id)).active]).toEqual([words, [], true]);
    }
  });

  test('an administrator lifts all but security, and the answer names what was lifted', async () => {
    const { id } = await side.add('aoki');
    for (const owner of owners) if (owner.name !== 'administrator, leave') await owner.place(side, id);
    const { lifted, user } = await side.reactivateUser(acme, id, {}, byAdministrator);
    const kinds = lifted.map(({ kind }) => kind).toSorted();
    expect(kinds).toEqual(['admin', 'hr', 'hr', 'idp', 'idp', 'leave']);
    expect(user.holds).toMatchObject([{ kind: 'security' }]);
    const { user: back } = await side.reactivateUser(acme, id, { lift: ['security'] }, byAdministrator);
    expect(back.active).toBe(true);
  });
});
