// The one end of every sign-in: from a verified identity to a session or a refusal. The order is the guarantee (gate.md 2.3): the attempt and
// the assertion are used up first, the person's state is read after that, and the session carries the epoch that was read, so that a
// deactivation at any moment leaves nothing usable.

import { decideAccess } from '#directory/access-decision.ts';
import type { ConnectionStrategy, VerifiedIdentity } from '../connections/connection-strategy.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { noteSeen } from '#storage/last-seen-records.ts';
import { idOfToken } from '../opaque-token.ts';
import { wasLoggedOutSince } from '../sessions/recent-logout.ts';
import { endSession, openSession } from '../sessions/session.ts';
import { toSessionOrigin } from '../sessions/session-origin.ts';
import { storeLink } from './account-link.ts';
import { takeAttempt, type FoundAttempt } from './attempt.ts';
import { createAccount } from './create-account.ts';
import { matchAccount, NobodyFound, type MatchedAccount } from './match-account.ts';
import { SignInError } from './refusal.ts';
import { recordSignIn, type SignInCheck, type SignInRecord, type SignInStep } from './sign-in-record.ts';
import { tellOfDormantSignIn } from './dormant-sign-in.ts';
import { toStateThen, type StateThen } from './state-then.ts';
import { useOnce } from './used-once.ts';

export interface SignInVisit {
  readonly connection: SignInConnection;
  readonly protocol: ConnectionStrategy['protocol'];
  /** The attempt of this browser, not yet used; undefined when it has none. */
  readonly attempt: FoundAttempt | undefined;
  /** Asks the connection who came back. @throws SignInError */
  readonly verify: () => Promise<VerifiedIdentity>;
  readonly address: string | undefined;
  /** What the browser calls itself. */
  readonly userAgent?: string | undefined;
}

export type SignInOutcome =
  | { readonly kind: 'signedIn'; readonly sessionToken: string; readonly reference: string }
  | { readonly kind: 'refused'; readonly refusal: SignInError; readonly reference: string };

/** Carries one sign-in to its end and records it, whatever the end is. Throws only when the store is away or we are at fault. */
export async function completeSignIn(context: GateContext, visit: SignInVisit): Promise<SignInOutcome> {
  const trace: Trace = { checks: [] };
  const startedAt = performance.now();
  const facts = (): Omit<SignInRecord, 'reference' | 'at' | 'connection' | 'outcome'> => ({
    protocol: visit.protocol,
    checks: trace.checks,
    ...(trace.then === undefined ? {} : { then: trace.then }),
    ...(trace.matched === undefined ? {} : { userId: trace.matched.user.id }),
    ...(trace.identity === undefined ? {} : { claimed: claimOf(trace.identity) }),
    ...(visit.address === undefined ? {} : { address: visit.address }),
  });
  try {
    const sessionToken = await signIn(context, visit, trace);
    const reference = await recordSignIn(context, visit.connection, { ...facts(), outcome: 'allowed' });
    return { kind: 'signedIn', sessionToken, reference };
  } catch (error) {
    if (!(error instanceof SignInError)) throw error;
    const reference = await recordSignIn(context, visit.connection, {
      ...facts(),
      outcome: 'refused',
      reason: error.reason,
      asked: visit.attempt !== undefined,
    });
    return { kind: 'refused', refusal: error, reference };
  } finally {
    context.metrics?.signInDuration.observe({ protocol: visit.protocol }, (performance.now() - startedAt) / 1000);
  }
}

/** What is known so far, for the record. */
interface Trace {
  readonly checks: SignInCheck[];
  identity?: VerifiedIdentity;
  matched?: MatchedAccount;
  then?: StateThen;
}

async function signIn(context: GateContext, visit: SignInVisit, trace: Trace): Promise<string> {
  const { connection, attempt } = visit;
  const step = <Result>(
    name: SignInStep,
    work: () => Promise<Result>,
    tell?: (result: Result) => string,
  ): Promise<Result> => checked(trace, name, work, tell);

  const identity = await step('provider', visit.verify);
  trace.identity = identity;
  await step('attempt', async () => {
    if (attempt === undefined) throw new SignInError('unsolicited', 'this browser waits for no answer');
    if (!(await takeAttempt(context, attempt)))
      throw new SignInError('attemptUsed', 'another request used the attempt first');
  });
  await step('once', async () => {
    if (!(await useOnce(context, connection, identity)))
      throw new SignInError('replayed', 'this assertion or token was used before');
  });
  const found = await step(
    'match',
    () => findAccount(context, connection, identity),
    (known) => (known === null ? 'nobody, whom this connection may make a user' : `${known.by}: user ${known.user.id}`),
  );
  const matched =
    found ??
    (await step(
      'create',
      () => createAccount(context, connection, identity),
      ({ by, user }) => `${by}: user ${user.id}`,
    ));
  trace.matched = matched;
  const epoch = await step(
    'access',
    () => admit(context, matched, trace),
    (read) => `active, epoch ${read}`,
  );
  await step('link', () => link(context, connection, identity, matched));
  const token = await step('session', () =>
    openUnlessLoggedOut(context, visit, identity, { user: matched.user, epoch }),
  );
  await noteSeen(context.storage, connection.organizationId, matched.user.id, context.now());
  const earlier = attempt?.record.value.earlierSession;
  if (earlier !== undefined) await endSession(context, earlier, 'signedInAgain');
  return token;
}

/** A logout that the provider sent while this was under way found no session to end: it is looked for once there is one (recent-logout.ts). */
async function openUnlessLoggedOut(
  context: GateContext,
  { connection, address, userAgent }: SignInVisit,
  identity: VerifiedIdentity,
  { user, epoch }: { readonly user: MatchedAccount['user']; readonly epoch: number },
): Promise<string> {
  const { issuer, subject, subjectFormat, sessionId, authenticatedAt, sessionNotOnOrAfter } = identity;
  const provider = {
    issuer,
    subject,
    ...(subjectFormat === undefined ? {} : { subjectFormat }),
    ...(sessionId === undefined ? {} : { sessionId }),
  };
  const token = await openSession(context, {
    organizationId: connection.organizationId,
    userId: user.id,
    epoch,
    connection: connection.id,
    provider,
    from: toSessionOrigin(address, userAgent),
    ...(authenticatedAt === undefined ? {} : { authenticatedAt }),
    ...(sessionNotOnOrAfter === undefined ? {} : { notOnOrAfter: sessionNotOnOrAfter }),
  });
  if (!(await wasLoggedOutSince(context, connection, provider, identity.issuedAt))) return token;
  await endSession(context, idOfToken(token), 'loggedOutAtProvider');
  throw new SignInError('loggedOutMeanwhile', 'the provider signed them out while they were signing in');
}

/** Null: nobody has the name, and the connection makes users of those whom nobody has. */
async function findAccount(
  context: GateContext,
  connection: SignInConnection,
  identity: VerifiedIdentity,
): Promise<MatchedAccount | null> {
  try {
    return await matchAccount(context, connection, identity);
  } catch (error) {
    if (error instanceof NobodyFound && connection.createUsers === true) return null;
    throw error;
  }
}

async function checked<Result>(
  trace: Trace,
  name: SignInStep,
  work: () => Promise<Result>,
  tell: ((result: Result) => string) | undefined,
): Promise<Result> {
  try {
    const result = await work();
    trace.checks.push({ step: name, passed: true, ...(tell === undefined ? {} : { detail: tell(result) }) });
    return result;
  } catch (error) {
    if (error instanceof SignInError) trace.checks.push({ step: name, passed: false, detail: error.detail });
    throw error;
  }
}

/** Reads person and organisation now; the epoch goes into the session. */
async function admit(context: GateContext, { user }: MatchedAccount, trace: Trace): Promise<number> {
  const [state, organization] = await Promise.all([
    context.storage.users.accessState(user.organizationId, user.id),
    context.storage.organizations.get(user.organizationId),
  ]);
  trace.then = toStateThen(organization, state, context.now());
  const decision = decideAccess(organization, state, context.now());
  if (!decision.allowed && state !== null) await tellOfDormantSignIn(context, user, state);
  if (!decision.allowed) throw new SignInError(decision.reason, `user ${user.id} is kept out`);
  if (state === null) throw new SignInError('noSuchUser', `user ${user.id} is gone`);
  return state.epoch;
}

async function link(
  context: GateContext,
  connection: SignInConnection,
  identity: VerifiedIdentity,
  { by, user, replaces }: MatchedAccount,
): Promise<void> {
  if (by === 'link') return;
  if (await storeLink(context, connection, identity, user.id, replaces)) return;
  throw new SignInError('identityConflict', `user ${user.id} or the subject was linked otherwise in the same moment`);
}

function claimOf(identity: VerifiedIdentity): NonNullable<SignInRecord['claimed']> {
  const { issuer, subject, userName } = identity;
  return { issuer, subject, ...(userName === undefined ? {} : { userName }) };
}
