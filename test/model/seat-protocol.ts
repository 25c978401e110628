// The seat protocol of storage/mongo as a small model: documents that change one at a time, processes that may die or be cut off between any
// two steps, answers that are lost, and requests that arrive long after their sender gave up. Explored exhaustively by explore.ts.
// Change this first when the protocol changes (model.md, "Seats").

export type IntentKind = 'take' | 'giveBack';
export interface Intent {
  readonly id: number;
  readonly kind: IntentKind;
}

export interface ModelUser {
  readonly revision: number;
  readonly active: boolean;
  readonly seat: 'none' | 'held' | 'releasing';
  readonly stamp: number;
  /** false: never inserted. A tombstone exists and is never active. */
  readonly exists: boolean;
  readonly tombstone: boolean;
}

export interface Documents {
  readonly used: number;
  readonly free: number;
  readonly version: number;
  readonly intents: readonly (Intent | null)[];
  readonly users: readonly ModelUser[];
}

/** One request to one document. It is applied as a whole or not at all. */
export type Request =
  | { readonly do: 'readUser'; readonly user: number }
  | { readonly do: 'readLedger' }
  | { readonly do: 'countHolders' }
  | { readonly do: 'takeSeat'; readonly user: number; readonly id: number }
  | { readonly do: 'announce'; readonly user: number; readonly id: number }
  | { readonly do: 'close'; readonly user: number; readonly id: number; readonly givesBack: boolean }
  | { readonly do: 'activate'; readonly user: number; readonly revision: number; readonly id: number }
  | { readonly do: 'lockOut'; readonly user: number; readonly revision: number }
  | { readonly do: 'giveUp'; readonly user: number; readonly revision: number; readonly id: number }
  | { readonly do: 'fence'; readonly user: number }
  | { readonly do: 'setUsed'; readonly version: number; readonly used: number };

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
  | 'recountWithoutCompare';

export type Reply =
  | { readonly kind: 'ok' }
  | { readonly kind: 'no' }
  | { readonly kind: 'nameTaken' }
  | { readonly kind: 'busy'; readonly intent: Intent }
  | { readonly kind: 'user'; readonly user: ModelUser }
  | { readonly kind: 'ledger'; readonly version: number; readonly moving: boolean }
  | { readonly kind: 'holders'; readonly count: number };

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
      return [documents, { kind: 'holders', count: documents.users.filter((user) => user.seat !== 'none').length }];
    case 'takeSeat': {
      const other = documents.intents[request.user] ?? null;
      if (other !== null) return [documents, { kind: 'busy', intent: other }];
      if (documents.free <= 0) return [documents, no];
      return [withIntent(documents, request.user, { id: request.id, kind: 'take' }, 1), ok];
    }
    case 'announce': {
      const other = documents.intents[request.user] ?? null;
      if (other !== null) return [documents, { kind: 'busy', intent: other }];
      return [withIntent(documents, request.user, { id: request.id, kind: 'giveBack' }, 0), ok];
    }
    case 'close': {
      if (documents.intents[request.user]?.id !== request.id) return [documents, no];
      return [withIntent(documents, request.user, null, request.givesBack ? -1 : 0), ok];
    }
    case 'activate':
      return guarded(documents, request.user, request.revision, (user) => {
        if (user.tombstone) return null;
        return {
          ...user,
          exists: true,
          active: true,
          seat: 'held',
          stamp: flaws.has('noStamp') ? user.stamp : request.id,
        };
      });
    case 'lockOut':
      return guarded(documents, request.user, request.revision, (user) => ({
        ...user,
        active: false,
        seat: 'releasing',
      }));
    case 'giveUp':
      return guarded(documents, request.user, request.revision, (user) =>
        user.seat === 'releasing'
          ? { ...user, seat: 'none', stamp: flaws.has('noStamp') ? user.stamp : request.id }
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
      return [{ ...documents, used: request.used, free, version: documents.version + 1 }, ok];
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

function withUser(documents: Documents, at: number, user: ModelUser): Documents {
  return { ...documents, users: documents.users.map((present, index) => (index === at ? user : present)) };
}

export function userAt(documents: Documents, at: number): ModelUser {
  const user = documents.users[at];
  if (user === undefined) throw new RangeError(`no user ${at}`);
  return user;
}
