// The seat protocol of storage/mongo as a small model: documents that change one at a time, processes that may die or be cut off between any
// two steps, answers that are lost, and requests that arrive long after their sender gave up. Explored exhaustively by explore.ts.
// Change this first when the protocol changes (model.md, "Seats").

export type IntentKind = 'take' | 'giveBack' | 'transfer';
export interface Intent {
  readonly id: number;
  readonly kind: IntentKind;
  /** The budgets, by number, that the seat leaves and goes to. */
  readonly from: number | null;
  readonly to: number | null;
}

export interface ModelUser {
  readonly revision: number;
  readonly active: boolean;
  readonly seat: 'none' | 'held' | 'releasing';
  readonly stamp: number;
  /** The budget that the seat is charged to. */
  readonly charge: number | null;
  /** false: never inserted. A tombstone exists and is never active. */
  readonly exists: boolean;
  readonly tombstone: boolean;
}

export interface Documents {
  readonly used: number;
  readonly free: number;
  /** Seats charged to each budget, and how many a take may bring it to. */
  readonly charged: readonly number[];
  readonly limits: readonly number[];
  readonly version: number;
  readonly intents: readonly (Intent | null)[];
  readonly users: readonly ModelUser[];
}

/** One request to one document. It is applied as a whole or not at all. */
export type Request =
  | { readonly do: 'readUser'; readonly user: number }
  | { readonly do: 'readLedger' }
  | { readonly do: 'countHolders' }
  | { readonly do: 'takeSeat'; readonly user: number; readonly id: number; readonly to: number | null }
  | { readonly do: 'announce'; readonly user: number; readonly id: number; readonly from: number | null }
  | { readonly do: 'transfer'; readonly user: number; readonly intent: Intent }
  | { readonly do: 'close'; readonly user: number; readonly id: number; readonly applied: boolean }
  | { readonly do: 'activate' | 'charge'; readonly user: number; readonly revision: number; readonly intent: Intent }
  | { readonly do: 'lockOut'; readonly user: number; readonly revision: number }
  | { readonly do: 'giveUp'; readonly user: number; readonly revision: number; readonly id: number }
  | { readonly do: 'fence'; readonly user: number }
  | { readonly do: 'setUsed'; readonly version: number; readonly used: number; readonly charged: readonly number[] };

/** What the model leaves out on purpose, to see that it is needed. */
export type Flaw =
  | 'noStamp'
  | 'noFence'
  | 'lostMeansNotApplied'
  /** After an error nobody understood, reading the user without a fence. */
  | 'lostIsConceded'
  /** After "the name is taken", reading the user without a fence: the driver may have sent the step twice, and the first one may still come. */
  | 'takenNameIsConceded'
  | 'readBeforeFence'
  | 'recountWithoutCompare'
  /** Charging a seat elsewhere by bringing down the old budget first. */
  | 'transferGivesFirst';

export type Reply =
  | { readonly kind: 'ok' }
  | { readonly kind: 'no' }
  | { readonly kind: 'nameTaken' }
  | { readonly kind: 'busy'; readonly intent: Intent }
  | { readonly kind: 'user'; readonly user: ModelUser }
  | { readonly kind: 'ledger'; readonly version: number; readonly moving: boolean }
  | { readonly kind: 'holders'; readonly count: number; readonly charged: readonly number[] };

const ok: Reply = { kind: 'ok' };
const no: Reply = { kind: 'no' };

/** The documents after a request, and the answer to it. */
export function apply(documents: Documents, request: Request, flaws: ReadonlySet<Flaw>): readonly [Documents, Reply] {
  switch (request.do) {
    case 'readUser':
      return [documents, { kind: 'user', user: userAt(documents, request.user) }];
    case 'readLedger':
      return [
        documents,
        { kind: 'ledger', version: documents.version, moving: documents.intents.some((intent) => intent !== null) },
      ];
    case 'countHolders':
      return [documents, { kind: 'holders', ...countHolders(documents) }];
    case 'takeSeat': {
      const other = documents.intents[request.user] ?? null;
      if (other !== null) return [documents, { kind: 'busy', intent: other }];
      if (documents.free <= 0 || isUsedUp(documents, request.to)) return [documents, no];
      const intent: Intent = { id: request.id, kind: 'take', from: null, to: request.to };
      return [counted(withIntent(documents, request.user, intent, 1), request.to, 1), ok];
    }
    case 'announce': {
      const other = documents.intents[request.user] ?? null;
      if (other !== null) return [documents, { kind: 'busy', intent: other }];
      const intent: Intent = { id: request.id, kind: 'giveBack', from: request.from, to: null };
      return [withIntent(documents, request.user, intent, 0), ok];
    }
    case 'transfer': {
      const other = documents.intents[request.user] ?? null;
      if (other !== null) return [documents, { kind: 'busy', intent: other }];
      const { intent } = request;
      const begun = withIntent(documents, request.user, intent, 0);
      return [flaws.has('transferGivesFirst') ? counted(begun, intent.from, -1) : counted(begun, intent.to, 1), ok];
    }
    case 'close': {
      const intent = documents.intents[request.user] ?? null;
      if (intent?.id !== request.id) return [documents, no];
      const { applied } = request;
      const seats = intent.kind === (applied ? 'giveBack' : 'take') ? -1 : 0;
      const closed = withIntent(documents, request.user, null, seats);
      if (intent.kind === 'transfer' && flaws.has('transferGivesFirst'))
        return [counted(closed, applied ? intent.to : intent.from, 1), ok];
      return [counted(closed, applied ? intent.from : intent.to, -1), ok];
    }
    case 'activate':
      return guarded(documents, request.user, request.revision, (user) => {
        if (user.tombstone) return null;
        return {
          ...user,
          exists: true,
          active: true,
          seat: 'held',
          charge: request.intent.to,
          stamp: flaws.has('noStamp') ? user.stamp : request.intent.id,
        };
      });
    case 'charge':
      return guarded(documents, request.user, request.revision, (user) => ({
        ...user,
        charge: request.intent.to,
        stamp: flaws.has('noStamp') ? user.stamp : request.intent.id,
      }));
    case 'lockOut':
      return guarded(documents, request.user, request.revision, (user) => ({
        ...user,
        active: false,
        seat: 'releasing',
      }));
    case 'giveUp':
      return guarded(documents, request.user, request.revision, (user) =>
        user.seat === 'releasing'
          ? { ...user, seat: 'none', charge: null, stamp: flaws.has('noStamp') ? user.stamp : request.id }
          : null,
      );
    case 'fence': {
      const user = userAt(documents, request.user);
      const revision = flaws.has('noFence') ? user.revision : user.revision + 1;
      const fenced = user.exists
        ? { ...user, revision }
        : { ...user, revision, exists: true, tombstone: !flaws.has('noFence') };
      return [withUser(documents, request.user, fenced), { kind: 'user', user: fenced }];
    }
    case 'setUsed': {
      if (!flaws.has('recountWithoutCompare') && documents.version !== request.version) return [documents, no];
      const free = documents.free + documents.used - request.used;
      return [{ ...documents, used: request.used, charged: request.charged, free, version: documents.version + 1 }, ok];
    }
    default:
      return request satisfies never;
  }
}

function guarded(
  documents: Documents,
  at: number,
  revision: number,
  change: (user: ModelUser) => ModelUser | null,
): readonly [Documents, Reply] {
  const user = userAt(documents, at);
  const changed = user.revision === revision ? change(user) : null;
  if (changed === null) return [documents, no];
  const written = { ...changed, revision: revision + 1 };
  return [withUser(documents, at, written), { kind: 'user', user: written }];
}

function withIntent(documents: Documents, user: number, intent: Intent | null, seats: number): Documents {
  const intents = documents.intents.map((present, at) => (at === user ? intent : present));
  return {
    ...documents,
    intents,
    used: documents.used + seats,
    free: documents.free - seats,
    version: documents.version + 1,
  };
}

function counted(documents: Documents, budget: number | null, by: number): Documents {
  return { ...documents, charged: documents.charged.map((number, at) => (at === budget ? number + by : number)) };
}

function isUsedUp({ charged, limits }: Documents, budget: number | null): boolean {
  return budget !== null && (charged[budget] ?? 0) >= (limits[budget] ?? 0);
}

/** Who holds a seat, and of them who is charged to each budget. */
export function countHolders({ users, limits }: Documents): {
  readonly count: number;
  readonly charged: readonly number[];
} {
  const holders = users.filter((user) => user.seat !== 'none');
  const charged = limits.map((_limit, budget) => holders.filter(({ charge }) => charge === budget).length);
  return { count: holders.length, charged };
}

function withUser(documents: Documents, at: number, user: ModelUser): Documents {
  return { ...documents, users: documents.users.map((present, index) => (index === at ? user : present)) };
}

export function userAt(documents: Documents, at: number): ModelUser {
  const user = documents.users[at];
  if (user === undefined) throw new RangeError(`no user ${at}`);
  return user;
}
