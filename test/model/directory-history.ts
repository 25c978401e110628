// Carries a history out on the real write side and holds it against the model after every operation: the same people active, the same
// seats used, the same order of waiting, no drift.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, OrganizationId, UserId } from '#directory/identifiers.ts';
import { writeActive } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import { provenance } from '#provisioning/provision-user.ts';
import { randomUUID } from 'node:crypto';
import { createSide, type Side } from '../provisioning/relayed-write-side.ts';
import { apply, catchUp, daysOf, type Directory, midnight, type Operation } from './directory-model.ts';
import { dateOf, look, show } from './directory-view.ts';
import type { MortalStore } from './mortal-store.ts';

export interface Step {
  readonly operation: Operation;
  /** At which step of the store it dies; null: it does not. */
  readonly dies: number | null;
}

/** Of the HR feed's reports. */
let sequence = 0;

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
  let directory: Directory = { licensed, over: 0, policy: 'wait', reserveDays: 0, row: null, people: [] };
  await side.createOrganization({ id: organization, name: 'Model', timeZone: 'UTC', licensed }, by('adminApi'));

  for (const [place, { operation, dies }] of steps.entries()) {
    clock += operation.kind === 'pass' ? operation.hours * 3_600_000 + 1 : 1;
    const aimed = aim(operation, ids.length, directory, clock);
    const { refusals, steps: possible } = apply(directory, aimed, clock);
    const whole = possible.at(-1) ?? directory;
    const words = `step ${place}: ${JSON.stringify(aimed)}${dies === null ? '' : `, dying at ${dies}`}`;

    // Of what is due at one instant a second start may take another order.
    const mayDie = dies !== null && aimed.kind !== 'pass' && aimed.kind !== 'reserve';
    if (mayDie) store.failAt(dies);
    const answer = await carryOut(side, organization, ids, aimed, clock);
    await side.finished();
    const died = mayDie && (await store.mend());
    if (died) {
      side = createSide(store.storage(), () => clock);
      // The sweep leaves young movements to their writer; this one is dead.
      await store.storage().seats.settle(Date.now() + 60_000);
      await side.sweep();
    }
    await side.catchUp(organization);
    await side.finished();
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
      const before = catchUp(directory, clock);
      const states = refusals.length > 0 ? [before] : [...possible.toReversed(), before];
      const state = states.find((one) => JSON.stringify(show(one)) === JSON.stringify(found));
      if (state === undefined) expect([words, found]).toEqual([words, states.map(show)]);
      else directory = state;
    }
  }
  await expectAudited(side, organization, ids, directory);
}

/** At somebody there is; a second leave beside an open one, and the end of none, are nothing here. */
function aim(operation: Operation, count: number, { people }: Directory, now: number): Operation {
  if (!('who' in operation)) return operation;
  const who = operation.who % Math.max(1, count);
  const person = people[who];
  const hasLeave = person !== undefined && person.leave !== null;
  const isIdle = person?.deleted === true ? hasLeave : operation.kind === 'leave' ? hasLeave : !hasLeave;
  if ((operation.kind === 'leave' || operation.kind === 'endLeave') && isIdle) return { kind: 'nothing' };
  if (operation.kind === 'hrLeave' && person?.leave) {
    const { from, until } = daysOf(operation, now);
    const meet = person.leave.from < (until ?? Infinity) && from < (person.leave.until ?? Infinity);
    if (!meet) return { kind: 'nothing' };
  }
  return { ...operation, who };
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
    case 'pass':
      return null;
    case 'leave': {
      const { inDays, days, keep } = operation;
      const dayOf = (ahead: number): string => dateOf(midnight(now, ahead));
      const plan = {
        type: 'leave' as const,
        ...(inDays === 0 ? {} : { from: dayOf(inDays) }),
        ...(days === null ? {} : { until: dayOf(inDays + days) }),
        seat: keep ? ('keep' as const) : ('release' as const),
      };
      return side.planLeave(organization, whom(operation.who), plan, by('adminApi'));
    }
    case 'endLeave': {
      const user = await side.storage.users.get(organization, whom(operation.who));
      const leave = user?.leaves?.find(({ state }) => state === 'planned' || state === 'running');
      return side.endLeaveNow(organization, whom(operation.who), leave?.id ?? ('none' as never), by('adminApi'));
    }
    case 'reserve':
      return side.changeOrganization(organization, { reserveForReturn: operation.days }, by('adminApi'));
    case 'row': {
      const from = dateOf(midnight(now, operation.inDays));
      return side.planSeatContract(organization, [{ from, licensed: operation.licensed }], by('adminApi'));
    }
    case 'hr': {
      const own = await side.storage.organizations.get(organization);
      const line = { status: operation.status, effectiveAt: now, sequence: (sequence += 1) };
      const feed = 'feed' as ConnectionId;
      return side.reportStatus(own!, whom(operation.who), line, feed, by('hrFeed', 'feed'));
    }
    case 'hrLeave': {
      const own = await side.storage.organizations.get(organization);
      const { from, until } = daysOf(operation, now);
      const line = {
        status: 'leave' as const,
        effectiveAt: dateOf(from),
        until: until === null ? null : dateOf(until),
        sequence: (sequence += 1),
      };
      return side.reportStatus(own!, whom(operation.who), line, 'feed' as ConnectionId, by('hrFeed', 'feed'));
    }
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
