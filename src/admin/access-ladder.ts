// The checks a door makes about a person, in its order, with what each found then or finds now, in words for an administrator.

import { decideAccess, type HeldReason } from '#directory/access-decision.ts';
import type { Hold } from '#directory/hold.ts';
import type { Organization } from '#directory/organization.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import { toStateThen, type StateThen } from '#gate/sign-in/state-then.ts';
import type { AppRefusalReason } from '#gate/sign-in/refusal.ts';
import { toIso, type AdminContext } from './admin-operation.ts';

/** One rung of the ladder. */
export interface Check {
  readonly check: string;
  readonly passed: boolean;
  readonly detail: string;
}

/** What would be decided now, and by which checks. */
export interface DecisionNow {
  readonly allowed: boolean;
  readonly reason: HeldReason | AppRefusalReason | null;
  readonly sentence: string;
  readonly checks: readonly Check[];
}

/** The decision of this moment in one sentence. */
export function tellDecision(context: Pick<AdminContext, 'now'>, organization: Organization, user: User) {
  const decision = decideAccess(organization, user, context.now());
  const name = displayNameOf(user.profile);
  return {
    allowed: decision.allowed,
    reason: decision.allowed ? null : decision.reason,
    sentence: decision.allowed ? `${name} can come in.` : `${name} is kept out: ${words[decision.reason]}`,
  };
}

const words: Readonly<Record<HeldReason, string>> = {
  accountInactive: 'the account is inactive.',
  onLeave: 'they are on leave.',
  waitingForSeat: 'no seat is free and they wait for one.',
  notStarted: 'they have not started yet.',
  noSuchUser: 'the account was deleted.',
  organizationSuspended: 'the organisation is suspended.',
};

/** What a door found, as far as holds go: then, as it was kept, or now. */
export type Found = Pick<StateThen, 'organizationOpen' | 'exists'> & { readonly holds: readonly Hold[] };

function findNow({ now }: Pick<AdminContext, 'now'>, organization: Organization, user: User): Found {
  return { ...toStateThen(organization, user, now()), holds: user.holds };
}

/** The checks a door makes about a person, in its order, with what each found. */
export function checksOf({ organizationOpen, exists, holds }: Found): readonly Check[] {
  const checks = [
    {
      check: 'organizationOpen',
      passed: organizationOpen,
      detail: organizationOpen
        ? 'The organisation is active.'
        : 'The organisation is suspended or its contract has ended.',
    },
    { check: 'accountExists', passed: exists, detail: exists ? 'The account exists.' : 'The account was deleted.' },
    ...holds.map((hold) => ({ check: `hold:${hold.kind}`, passed: false, detail: tellHold(hold) })),
  ];
  if (holds.length === 0) checks.push({ check: 'noHold', passed: true, detail: 'Nothing holds the account.' });
  return checks;
}

function seatCheckOf({ seat }: User): Check {
  const passed = seat === 'held';
  return { check: 'seat', passed, detail: passed ? 'The person has a seat.' : 'The person has no seat.' };
}

/** The decision of this moment with its checks. */
export function explainNow(context: Pick<AdminContext, 'now'>, organization: Organization, user: User): DecisionNow {
  return {
    ...tellDecision(context, organization, user),
    checks: [...checksOf(findNow(context, organization, user)), seatCheckOf(user)],
  };
}

const placedBy: Readonly<Record<Hold['kind'], string>> = {
  idp: 'An identity provider set the account inactive',
  admin: 'An administrator deactivated the account',
  leave: 'A leave has begun',
  hr: 'HR reported the person as gone',
  seat: 'No seat was free',
  start: 'The start date lies ahead',
  dormant: 'The account was not used for too long',
  security: 'A security signal or an administrator stopped the account',
};

function tellHold(hold: Hold): string {
  const parts = [
    `${placedBy[hold.kind]} (${hold.source === '' ? hold.by : `connection ${hold.source}`}, since ${toIso(hold.since)})`,
    ...(hold.reason === undefined ? [] : [`reason: ${hold.reason}`]),
    ...(hold.note === undefined ? [] : [`note: ${hold.note}`]),
    ...(hold.until === undefined ? [] : [`until ${toIso(hold.until)}`]),
  ];
  return `${parts.join('; ')}.`;
}
