// Every history of small casts, with crashes, lost answers and late requests. `npm run test:long` adds a third process and one more mishap.

import { isFull as full } from '../harness/test-scale.ts';
import { explore, type Scene } from './explore.ts';
import type { Flaw } from './seat-protocol.ts';

const take = (user: number) => ({ kind: 'take', user }) as const;
const takeFor = (user: number, to: number) => ({ kind: 'take', user, to }) as const;
const transfer = (user: number, to: number) => ({ kind: 'transfer', user, to }) as const;
const lockOut = (user: number) => ({ kind: 'lockOut', user }) as const;
const sweep = (user: number) => ({ kind: 'sweep', user }) as const;
const recount = { kind: 'recount' } as const;

const scenes: Readonly<Record<string, Scene>> = {
  'two take the last seat': {
    licensed: 1,
    users: ['inactive', 'inactive'],
    operations: [take(0), take(1)],
    mishaps: 2,
  },
  'one user taken twice': { licensed: 2, users: ['inactive'], operations: [take(0), take(0)], mishaps: 2 },
  'locked out and taken back': { licensed: 1, users: ['active'], operations: [lockOut(0), take(0)], mishaps: 2 },
  'a seat changes hands': { licensed: 1, users: ['active', 'inactive'], operations: [lockOut(0), take(1)], mishaps: 2 },
  'a new user': { licensed: 1, users: ['new'], operations: [take(0), take(0)], mishaps: 2 },
  'a sweep beside a release': { licensed: 1, users: ['active'], operations: [lockOut(0), sweep(0)], mishaps: 2 },
  'a recount beside a take': { licensed: 1, users: ['inactive'], operations: [take(0), recount], mishaps: 2 },
  'a recount beside a lock-out': {
    licensed: 2,
    users: ['active', 'inactive'],
    operations: [lockOut(0), recount],
    mishaps: 2,
  },
  'two take the last seat of a budget': {
    licensed: 3,
    users: ['inactive', 'inactive'],
    budgets: [1],
    operations: [takeFor(0, 0), takeFor(1, 0)],
    mishaps: 2,
  },
  'a seat of a budget changes hands': {
    licensed: 3,
    users: ['active', 'inactive'],
    budgets: [1],
    operations: [lockOut(0), takeFor(1, 0)],
    mishaps: 2,
  },
  'charged elsewhere beside a lock-out': {
    licensed: 1,
    users: ['active'],
    budgets: [1, 0],
    operations: [transfer(0, 1), lockOut(0)],
    mishaps: 2,
  },
  'charged elsewhere there and back': {
    licensed: 1,
    users: ['active'],
    budgets: [1, 1],
    operations: [transfer(0, 1), transfer(0, 0)],
    mishaps: 2,
  },
  'a recount beside a charge elsewhere': {
    licensed: 1,
    users: ['active'],
    budgets: [1, 1],
    operations: [transfer(0, 1), recount],
    mishaps: 2,
  },
};
const longScenes: Readonly<Record<string, Scene>> = {
  'two take, one is locked out': {
    licensed: 1,
    users: ['active', 'inactive'],
    operations: [lockOut(0), take(1), take(0)],
    mishaps: 2,
  },
  'locked out and taken back twice': {
    licensed: 1,
    users: ['active'],
    operations: [lockOut(0), take(0), lockOut(0)],
    mishaps: 2,
  },
  'a recount beside both': {
    licensed: 1,
    users: ['active', 'inactive'],
    operations: [lockOut(0), take(1), recount],
    mishaps: 2,
  },
};

describe('the seat protocol keeps its invariant in every history', () => {
  const cast = full ? { ...scenes, ...longScenes } : scenes;
  test.each(Object.entries(cast))('%s', (_name, scene) => {
    const { states, violation } = explore({
      ...scene,
      mishaps: scene.mishaps + (full && scene.operations.length < 3 ? 1 : 0),
    });
    expect(violation).toBeNull();
    expect(states).toBeGreaterThan(100);
  });
});

describe('each precaution is needed: without it there is a history that breaks the invariant', () => {
  const needed: readonly (readonly [Flaw, string])[] = [
    ['noStamp', 'two take the last seat'],
    ['noFence', 'two take the last seat'],
    ['readBeforeFence', 'two take the last seat'],
    ['lostMeansNotApplied', 'two take the last seat'],
    ['lostIsConceded', 'two take the last seat'],
    ['takenNameIsConceded', 'two take the last seat'],
    ['recountWithoutCompare', 'a recount beside a take'],
    ['noStamp', 'charged elsewhere beside a lock-out'],
    ['noFence', 'charged elsewhere beside a lock-out'],
    ['recountWithoutCompare', 'a recount beside a charge elsewhere'],
    ['transferGivesFirst', 'charged elsewhere there and back'],
  ];
  test.each(needed)('%s: %s', (flaw, name) => {
    const scene = scenes[name];
    if (scene === undefined) throw new Error(`no scene ${name}`);
    expect(explore({ ...scene, flaws: [flaw] }).violation).not.toBeNull();
  });
});
