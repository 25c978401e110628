// Carries a history out on the real write side and holds it against the model after every operation: the same people active, the same
// seats used, the same order of waiting, no drift.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { writeActive } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import { provenance } from '#provisioning/provision-user.ts';
import { randomUUID } from 'node:crypto';
import { createSide, type Side } from '../provisioning/relayed-write-side.ts';
import { apply, type Directory, type Operation, type Person, queueOf, statusOf, usedSeats } from './directory-model.ts';
import type { MortalStore } from './mortal-store.ts';

export interface Step {
  readonly operation: Operation;
  /** At which step of the store it dies; null: it does not. */
  readonly dies: number | null;
}

const by = (mouth: ChangeContext['mouth'], connection?: string): ChangeContext => ({
  mouth,
  actor:
    connection === undefined
      ? { kind: 'administrator', name: 'sato' }
      : { kind: 'connection', connection: connection as ConnectionId },
});

/** Fails where the real directory and the model differ. */
export async function liveThrough(store: MortalStore, steps: readonly Step[], licensed: number): Promise<void> {
  const organization = `org-${randomUUID()}`.slice(0, 40) as OrganizationId;
  const ids: UserId[] = [];
  let clock = Date.parse('2027-01-12T01:00:00Z');
  let side = createSide(store.storage(), () => clock);
  let directory: Directory = { licensed, over: 0, policy: 'wait', people: [] };
  await side.createOrganization({ id: organization, name: 'Model', timeZone: 'Asia/Tokyo', licensed }, by('adminApi'));

  for (const [place, { operation, dies }] of steps.entries()) {
    clock += 1;
    const aimed = 'who' in operation ? { ...operation, who: operation.who % Math.max(1, ids.length) } : operation;
    const { refusals, steps: possible } = apply(directory, aimed, clock);
    const whole = possible.at(-1) ?? directory;
    const words = `step ${place}: ${JSON.stringify(aimed)}${dies === null ? '' : `, dying at ${dies}`}`;

    if (dies !== null) store.failAt(dies);
    const answer = await carryOut(side, organization, ids, aimed, clock);
    await side.finished();
    const died = dies !== null && (await store.mend());
    if (died) {
      side = createSide(store.storage(), () => clock);
      // The sweep leaves young movements to their writer; this one is dead.
      await store.storage().seats.settle(Date.now() + 60_000);
      await side.sweep();
    }
    const found = await look(side, organization, ids);

    if (answer !== 'unavailable') {
      expect([words, answer]).toEqual([
        words,
        refusals.includes(answer ?? '') || refusals.length === 0 ? answer : refusals,
      ]);
      if (refusals.length === 0) expect([words, answer]).toEqual([words, null]);
      expect([words, found]).toEqual([words, show(whole)]);
      directory = whole;
    } else {
      expect([words, died]).toEqual([words, true]);
      // The whole first: where two look the same, what was asked for has happened.
      const states = refusals.length > 0 ? [directory] : [...possible.toReversed(), directory];
      const state = states.find((one) => JSON.stringify(show(one)) === JSON.stringify(found));
      if (state === undefined) expect([words, found]).toEqual([words, states.map(show)]);
      else directory = state;
    }
  }
  await expectAudited(side, organization, ids, directory);
}

/** What the mouths do. Answers the code of a refusal, `unavailable`, or null. */
async function carryOut(
  side: Side,
  organization: OrganizationId,
  ids: readonly UserId[],
  operation: Operation,
  now: number,
): Promise<string | null> {
  try {
    await ask(side, organization, ids, operation, now);
    return null;
  } catch (error) {
    const code: unknown = Reflect.get(error as object, 'code');
    const name: unknown = Reflect.get(error as object, 'name');
    if ((name !== 'DirectoryError' && name !== 'StorageError') || typeof code !== 'string') throw error;
    return code;
  }
}

async function ask(
  side: Side,
  organization: OrganizationId,
  ids: readonly UserId[],
  operation: Operation,
  now: number,
): Promise<unknown> {
  const whom = (who: number): UserId => ids[who] ?? ('nobody' as UserId);
  switch (operation.kind) {
    case 'nothing':
      return null;
    case 'post': {
      const { name, active } = operation;
      const connection = operation.connection as string as ConnectionId;
      const request = { profile: { userName: name }, active, connection, restore: true };
      return side.provisionUser(organization, request, by('scimPost', connection));
    }
    case 'patch':
    case 'put': {
      const connection = operation.connection as string as ConnectionId;
      const context = by(operation.kind === 'put' ? 'scimPut' : 'scimPatch', connection);
      const edit = (user: User) => ({
        profile: operation.kind === 'put' ? { ...user.profile, userName: operation.name } : user.profile,
        holds: writeActive(user.holds, connection, operation.active, now, `connection:${connection}`),
        ...provenance(user, connection),
      });
      return side.changeUser(organization, whom(operation.who), edit, context);
    }
    case 'delete':
      return side.removeUser(organization, whom(operation.who), by('scimDelete', 'okta'));
    case 'deactivate': {
      const request = operation.security ? { reason: 'security' } : {};
      return side.deactivateUser(organization, whom(operation.who), request, by('adminApi'));
    }
    case 'reactivate': {
      const { lift, ifNoSeat } = operation;
      const request = { ...(lift === null ? {} : { lift: [lift] }), ...(ifNoSeat === null ? {} : { ifNoSeat }) };
      return side.reactivateUser(organization, whom(operation.who), request, by('cli'));
    }
    case 'license':
      return side.changeSeats(organization, { licensed: operation.licensed }, by('adminApi'));
    case 'policy': {
      const over = operation.policy === 'allowOver' ? { over: operation.over } : {};
      return side.changeSeats(organization, { seatPolicy: operation.policy, ...over }, by('cli'));
    }
    case 'recount': {
      const { drift, outcome } = await side.recountSeats(organization, by('schedule'));
      return expect([drift, outcome]).toEqual([0, 'exact']);
    }
    case 'queue':
      return side.promoteWaiting(organization);
    case 'relay':
      return side.relay.drain();
    case 'sweep':
      return side.sweep();
    default:
      return operation satisfies never;
  }
}

/** The real directory in the model's words. People met for the first time are added to `ids`. */
async function look(side: Side, organization: OrganizationId, ids: UserId[]): Promise<ReturnType<typeof show>> {
  const { users, seats, organizations } = side.storage;
  const listed = await users.list(organization, { limit: 1_000 });
  for (const { id } of listed) if (!ids.includes(id)) ids.push(id);
  const byId = new Map<string, User>(listed.map((user) => [user.id, user]));
  const found: User[] = [];
  for (const id of ids) {
    const user = byId.get(id) ?? (await users.get(organization, id));
    if (user === null) throw new Error('a person is gone');
    found.push(user);
  }
  const ledger = await seats.read(organization);
  const counts = await users.counts(organization);
  const waiting = found
    .map((user, who) => ({ ...user, who }))
    .filter((user) => user.waitingSince !== undefined)
    .toSorted((a, b) => (a.waitingSince ?? 0) - (b.waitingSince ?? 0) || (a.id < b.id ? -1 : 1));
  expect((await users.longestWaiting(organization))?.id).toBe(waiting[0]?.id);
  expect(ledger).toMatchObject({ used: counts.holders, intents: {} });
  expect(ledger?.free).toBe((ledger?.licensed ?? 2 ** 52) - counts.holders);
  return {
    licensed: ledger?.licensed ?? null,
    over: ledger?.over ?? -1,
    policy: (await organizations.get(organization))?.seatPolicy ?? 'none',
    used: ledger?.used ?? -1,
    queue: waiting.map(({ who }) => who),
    people: found.map((user) => {
      const holds = user.holds
        .filter((hold) => hold.kind !== 'seat')
        .map((hold) => `${hold.kind} ${hold.source}`.trim());
      const status =
        user.deletedAt !== undefined ? 'deleted' : holds.length > 0 ? 'inactive' : user.active ? 'active' : 'waiting';
      const { epoch, profile } = user;
      return `${profile.userName} ${status} ${user.seat} ${holds.toSorted().join(',')} epoch ${epoch}`;
    }),
  };
}

/** A directory of the model as `look` sees the real one. */
function show(directory: Directory) {
  const { licensed, over, policy, people } = directory;
  const describe = (person: Person): string => {
    const status = statusOf(person);
    const seat = status === 'active' ? 'held' : 'none';
    return `${person.name} ${status} ${seat} ${person.holds.toSorted().join(',')} epoch ${person.epoch}`;
  };
  return {
    licensed,
    over,
    policy: policy as string,
    used: usedSeats(directory),
    queue: [...queueOf(directory)],
    people: people.map(describe),
  };
}

/** The trail tells every change of status once and in order, whoever died on the way. */
async function expectAudited(
  side: Side,
  organization: OrganizationId,
  ids: readonly UserId[],
  directory: Directory,
): Promise<void> {
  await side.relay.drain();
  // The claims of a relay that died have not run out yet.
  for (const id of ids) await side.relay.drainUser(organization, id);
  const entries = await side.storage.audit.list(organization, { limit: 10_000 });
  expect(await side.audit.verify(organization)).toMatchObject({ intact: true, entries: entries.length });
  const told = ids.map((id) =>
    entries
      .filter(({ event }) => event.target.id === id)
      .flatMap(({ event }) => (event.after?.['status'] === undefined ? [] : [event.after['status']])),
  );
  expect(told).toEqual(directory.people.map((person) => person.history));
}
