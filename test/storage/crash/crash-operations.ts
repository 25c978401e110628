/**
 * The changes that the crash contract disturbs: every kind of change of the commit, those that come by the clock among them, and the carrying
 * out of what follows from one. What they start from, and what an onlooker sees afterwards, is in crash-scene.ts.
 */
import type { ChangeContext } from '#directory/effects-between.ts';
import type { ConnectionId, DepartmentId, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { SeatPolicy } from '#directory/organization.ts';
import { writeActive } from '#directory/user-change.ts';
import type { User } from '#directory/user.ts';
import type { Side } from '../../provisioning/relayed-write-side.ts';

export const okta = 'okta' as ConnectionId;
export const byOkta: ChangeContext = { actor: { kind: 'connection', connection: okta }, mouth: 'scimPatch' };
export const byAdministrator: ChangeContext = { actor: { kind: 'administrator', name: 'sato' }, mouth: 'adminApi' };

export interface Scene {
  readonly organization: OrganizationId;
  /** Whom the operation is about; `name` finds who was never stored. */
  readonly person: UserId | null;
  readonly name: string;
  /** The person is, or will be, in the first one; it has a budget where the operation says so. */
  readonly departments?: readonly [DepartmentId, DepartmentId];
}

export interface CrashOperation {
  readonly name: string;
  /** How the person is before. */
  readonly person: 'nobody' | 'inactive' | 'active' | 'leaving';
  readonly policy?: SeatPolicy;
  /** Somebody waits for the person's seat. */
  readonly queue?: true;
  /** The time has come for this: the person's leave to begin, or to end, or one seat more. */
  readonly due?: 'leave' | 'return' | 'contract';
  /** There are departments: with a budget each, or none yet. */
  readonly budgets?: 'set' | 'none';
  readonly run: (side: Side, scene: Scene) => Promise<unknown>;
}

const idOf = ({ person }: Scene): UserId => {
  if (person === null) throw new Error('the scene has nobody in it');
  return person;
};

/** Every kind of change of the commit, and the carrying out of what follows from one. */
export const operations: readonly CrashOperation[] = [
  { name: 'a new person takes a seat', person: 'nobody', run: (side, scene) => create(side, scene) },
  { name: 'a new person is refused or takes a seat', person: 'nobody', policy: 'refuse', run: create },
  {
    name: 'someone comes back',
    person: 'inactive',
    run: (side, scene) => side.reactivateUser(scene.organization, idOf(scene), {}, byAdministrator),
  },
  {
    name: 'someone is locked out',
    person: 'active',
    run: lockOut,
  },
  { name: 'a seat changes hands', person: 'active', queue: true, run: lockOut },
  {
    name: 'someone is deleted',
    person: 'active',
    run: (side, scene) => side.removeUser(scene.organization, idOf(scene), byOkta).catch(alreadyDone('userNotFound')),
  },
  {
    name: 'the contract is raised',
    person: 'inactive',
    run: (side, scene) => side.changeSeats(scene.organization, { licensed: 4 }, byAdministrator),
  },
  { name: 'a seat of a budget changes hands', person: 'active', queue: true, budgets: 'set', run: lockOut },
  { name: 'a person goes to a department with another budget', person: 'active', budgets: 'set', run: goElsewhere },
  {
    name: 'a budget is set for people who are there',
    person: 'active',
    budgets: 'none',
    run: (side, { organization, departments }) =>
      side.setBudget(organization, departments?.[0] ?? ('' as DepartmentId), 2, byAdministrator),
  },
  { name: 'a leave begins', person: 'active', due: 'leave', run: (side) => side.runDueLeaves() },
  { name: 'a return takes a seat', person: 'active', due: 'return', run: (side) => side.runDueLeaves() },
  {
    name: 'a contract row takes effect',
    person: 'active',
    queue: true,
    due: 'contract',
    run: (side) => side.runDueLeaves(),
  },
  { name: 'the relay carries a lock-out', person: 'leaving', run: (side) => side.relay.drain() },
];

function lockOut(side: Side, scene: Scene): Promise<unknown> {
  const edit = (user: User) => ({ holds: writeActive(user.holds, okta, false, Date.now(), 'connection:okta') });
  return side.changeUser(scene.organization, idOf(scene), edit, byOkta);
}

function goElsewhere(side: Side, scene: Scene): Promise<unknown> {
  const edit = ({ profile }: User) => ({ profile: { ...profile, ...placeIn(scene.departments?.[1]) } });
  return side.changeUser(scene.organization, idOf(scene), edit, byOkta);
}

/** In this department, if there is one. */
export function placeIn(department: DepartmentId | undefined): Partial<User['profile']> {
  return department === undefined ? {} : { person: { departments: [{ value: department }] } };
}

async function create(side: Side, { organization, name }: Scene): Promise<unknown> {
  const request = { profile: { userName: name }, active: true, connection: okta, restore: true };
  return side.provisionUser(organization, request, byOkta).catch(alreadyDone('userNameTaken'));
}

/** A repeated request may be told that there is nothing left to do. */
function alreadyDone(code: string): (error: unknown) => void {
  return (error) => {
    if (Reflect.get(error as object, 'code') !== code) throw error;
  };
}
