// The real directory and the model's, in the same words.

import type { OrganizationId, UserId } from '#directory/identifiers.ts';
import { statusOf as statusOfUser, type User } from '#directory/user.ts';
import { seatContractId, seatContractRecords } from '#storage/seat-contract-records.ts';
import type { Side } from '../provisioning/relayed-write-side.ts';
import { type Directory, type Leave, type Person, queueOf, statusOf, usedSeats } from './directory-model.ts';

export const dateOf = (instant: number): string => new Date(instant).toISOString().slice(0, 10);

/** The real directory in the model's words. People met for the first time are added to `ids`. */
export async function look(side: Side, organization: OrganizationId, ids: UserId[]): Promise<ReturnType<typeof show>> {
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
  const contract = await side.storage.records(seatContractRecords).get(seatContractId(organization), 0);
  const row = contract?.value.rows[0];
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
    row: row === undefined ? null : `${row.licensed} from ${row.from}${row.appliedAt === undefined ? '' : ', applied'}`,
    queue: waiting.map(({ who }) => who),
    people: found.map((user) => {
      const holds = user.holds
        .filter((hold) => hold.kind !== 'seat')
        .map((hold) => `${hold.kind} ${hold.source}`.trim());
      const { epoch, profile } = user;
      const leave = user.leaves?.find(({ state }) => state === 'planned' || state === 'running');
      const plan =
        leave === undefined ? 'no leave' : describeLeave({ ...leave, isReserved: leave.reservation !== undefined });
      return `${profile.userName} ${statusOfUser(user)} ${user.seat} ${holds.toSorted((a, b) => a.localeCompare(b)).join(',')} epoch ${epoch}, ${plan}`;
    }),
  };
}

interface SeenLeave {
  readonly state: string;
  readonly from: string;
  readonly until?: string;
  readonly isReserved: boolean;
}

function describeLeave({ state, from, until, isReserved }: SeenLeave): string {
  return `leave ${state} ${from} to ${until ?? 'ever'}${isReserved ? ', reserved' : ''}`;
}

function asSeen({ running, from, until, reserved }: Leave): SeenLeave {
  const days = { from: dateOf(from), ...(until === null ? {} : { until: dateOf(until) }) };
  return { state: running ? 'running' : 'planned', ...days, isReserved: reserved };
}

/** A directory of the model as `look` sees the real one. */
export function show(directory: Directory) {
  const { licensed, over, policy, people, row } = directory;
  const describe = (person: Person): string => {
    const holds = person.leave?.running === true ? [...person.holds, 'leave'] : person.holds;
    const seat = person.seat ? 'held' : 'none';
    const { leave } = person;
    const plan = leave === null ? 'no leave' : describeLeave(asSeen(leave));
    return `${person.name} ${statusOf(person)} ${seat} ${holds.toSorted((a, b) => a.localeCompare(b)).join(',')} epoch ${person.epoch}, ${plan}`;
  };
  return {
    licensed,
    over,
    policy: policy as string,
    used: usedSeats(directory),
    row: row === null ? null : `${row.licensed} from ${dateOf(row.at)}${row.applied ? ', applied' : ''}`,
    queue: [...queueOf(directory)],
    people: people.map(describe),
  };
}
