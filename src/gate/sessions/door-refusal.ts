// Refusals at the doors, for "why was I refused?": a session whose person is held now, or whom an app is not for. Doors are asked at every request,
// so at most one is recorded per person, door, app and hour while what was found stays the same; only people with a session of ours can cause one.

import { toCanonicalJson } from '#canonical-json.ts';
import type { HeldReason } from '#directory/access-decision.ts';
import type { RecordKind } from '#storage/record-store.ts';
import { waitAtMost } from '#storage/wait-at-most.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfParts } from '../opaque-token.ts';
import type { AppRefusalReason } from '../sign-in/refusal.ts';
import { recordSignIn, type SignInCheck } from '../sign-in/sign-in-record.ts';
import type { StateThen } from '../sign-in/state-then.ts';
import type { StoredSession } from './session.ts';

export interface DoorRefusal {
  readonly session: StoredSession;
  readonly reason: HeldReason | AppRefusalReason;
  readonly then: StateThen;
  /** For example `forwardAuth`. */
  readonly door: string;
  readonly app?: string;
  /** Of the app, without the query. Kept of the first refusal only: else each address would make a record. */
  readonly path?: string;
}

/** That a refusal was recorded in this hour, under which reference. */
export const doorRefusalRecords: RecordKind<{ readonly reference: string }> = {
  name: 'doorRefusal',
  keysOf: () => [],
};

const hourMs = 3_600_000;
/** A store that only reads must not hold a refusal up. */
const patienceMs = 1_000;
const mostRemembered = 10_000;
/** References by what was recorded, per process and store, so that a page's twenty requests cost one look. */
const remembered = new WeakMap<object, Map<string, Promise<string | null>>>();

/** Records it, or finds what was recorded; answers the reference to show. Null when that was not possible in time: the refusal stands all the same. */
export async function noteDoorRefusal(context: GateContext, refusal: DoorRefusal): Promise<string | null> {
  return (await waitAtMost(noteOnce(context, refusal), patienceMs)) ?? null;
}

function noteOnce(context: GateContext, refusal: DoorRefusal): Promise<string | null> {
  const { session, reason, door, app = '', then } = refusal;
  const { organizationId, value } = session;
  const hour = Math.floor(context.now() / hourMs);
  const id = idOfParts(organizationId, value.userId, door, app, reason, toCanonicalJson(then), String(hour));
  const known = remembered.get(context.storage) ?? new Map<string, Promise<string | null>>();
  remembered.set(context.storage, known);
  const before = known.get(id);
  if (before !== undefined) return before;
  if (known.size >= mostRemembered) known.clear();
  const noting = note(context, refusal, id, (hour + 1) * hourMs).catch((error: unknown) => {
    known.delete(id);
    context.logger.warn({ err: error }, 'a refusal at a door could not be recorded');
    return null;
  });
  known.set(id, noting);
  return noting;
}

async function note(context: GateContext, refusal: DoorRefusal, id: string, until: number): Promise<string> {
  const { session, reason, door, app, path, then } = refusal;
  const { organizationId, value } = session;
  const marks = context.storage.records(doorRefusalRecords);
  const mark = await marks.get(id, context.now());
  if (mark !== null) return mark.value.reference;
  // The record first: a reference that is shown can be looked up.
  const reference = await recordSignIn(
    context,
    { organizationId, id: value.connection },
    {
      outcome: 'refused',
      reason,
      protocol: 'session',
      door: { name: door, ...(app === undefined ? {} : { app }), ...(path === undefined ? {} : { path }) },
      userId: value.userId,
      checks: [
        { step: 'session', passed: true, detail: `opened ${new Date(value.createdAt).toISOString()}` },
        ...checksOf(refusal),
      ],
      then,
      asked: false,
    },
  );
  await marks.insertOnce({ id, organizationId, expiresAt: until, value: { reference } });
  return reference;
}

function checksOf({ session, reason, app = '' }: DoorRefusal): readonly SignInCheck[] {
  if (reason !== 'notAllowed')
    return [{ step: 'access', passed: false, detail: `user ${session.value.userId} is kept out` }];
  return [
    { step: 'access', passed: true },
    { step: 'app', passed: false, detail: `not in the groups that ${app} asks for` },
  ];
}
