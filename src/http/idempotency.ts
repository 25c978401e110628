// `Idempotency-Key` on POST: the first request stores its answer, the same request again gets that answer, a different one is refused.
// The insert of a record with the key as id decides between requests that come at once. Answers are sealed: one may hold a secret.

import { createHash } from 'node:crypto';
import type { Credential } from '#directory/credential.ts';
import type { RecordKind, StoredRecord } from '#storage/record-store.ts';
import { expireRecords } from '#storage/expire-records.ts';
import type { Storage } from '#storage/storage.ts';

/** An answer as it is kept: JSON. */
export interface KeptAnswer {
  /** 200 unless given. */
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type IdempotencyErrorCode = 'idempotencyKeyInvalid' | 'idempotencyKeyReused' | 'idempotencyKeyRunning';

export const statusOfIdempotencyError: Readonly<Record<IdempotencyErrorCode, number>> = {
  idempotencyKeyInvalid: 400,
  idempotencyKeyReused: 422,
  idempotencyKeyRunning: 409,
};

/** `message` is public. */
export class IdempotencyError extends Error {
  readonly code: IdempotencyErrorCode;
  readonly retryAfterSeconds: number | undefined;

  constructor(code: IdempotencyErrorCode, message: string, retryAfterSeconds?: number) {
    super(message);
    this.name = 'IdempotencyError';
    this.code = code;
    this.retryAfterSeconds = retryAfterSeconds;
  }
}

interface Place {
  readonly organization: string;
  readonly collection: string;
  readonly field: string;
  readonly id: string;
}

export interface IdempotencyContext {
  readonly storage: Pick<Storage, 'records'>;
  readonly now: () => number;
  readonly sealing: {
    seal(text: string, place: Place): string;
    unseal(sealed: string, place: Place): string;
  };
  readonly reportTrouble: (message: string, error: unknown) => void;
}

export interface IdempotentAnswer {
  readonly fingerprint: string;
  /** Sealed JSON of the answer; absent while the first request runs. */
  readonly sealedAnswer?: string;
}

export const idempotencyRecords: RecordKind<IdempotentAnswer> = { name: 'idempotency', keysOf: () => [] };

export interface IdempotentRequest {
  readonly key: string;
  readonly credential: Pick<Credential, 'id' | 'organizationId'>;
  readonly method: string;
  readonly path: string;
  readonly body: string;
}

const keptMs = 24 * 60 * 60 * 1000;
/** A request that began and never ended (its server died) blocks its key for so long. */
const runningMs = 2 * 60 * 1000;

/**
 * Runs `act` once per key. Answers and whether it is a stored one. Refusals by a rule are not stored: they changed nothing.
 * Once `act` has succeeded its answer is given whatever becomes of the stored one: what was done cannot be told as a failure.
 */
export async function answerOnce(
  context: IdempotencyContext,
  request: IdempotentRequest,
  act: () => Promise<KeptAnswer>,
): Promise<{ readonly answer: KeptAnswer; readonly replayed: boolean }> {
  if (!/^[\x21-\x7e]{1,255}$/.test(request.key)) {
    throw new IdempotencyError('idempotencyKeyInvalid', 'Idempotency-Key must be 1 to 255 visible ASCII characters.');
  }
  const records = context.storage.records(idempotencyRecords);
  const { organizationId } = request.credential;
  const id = hash(organizationId, request.credential.id, request.key);
  const fingerprint = hash(request.method, request.path, request.body);
  const place = { organization: organizationId, collection: 'idempotency', field: 'answer', id };

  let runsUntil = 0;
  const known = await begin();
  if (known !== null) return replay(known);
  let answer: KeptAnswer;
  try {
    answer = await act();
  } catch (error) {
    await giveUp();
    throw error;
  }
  await keep(answer);
  return { answer, replayed: false };

  /** Null: the key is ours. Else: what another request stored under it. */
  async function begin(): Promise<StoredRecord<IdempotentAnswer> | null> {
    for (let tries = 0; tries < 5; tries += 1) {
      const expiresAt = context.now() + runningMs;
      if (await records.insertOnce({ id, organizationId, expiresAt, value: { fingerprint } })) {
        runsUntil = expiresAt;
        return null;
      }
      const found = await records.get(id, context.now());
      if (found !== null) return found;
      // Expired and not swept yet, or given up just now. Only what has expired may go: another request may have begun meanwhile.
      await expireRecords(context.storage, [idempotencyRecords], context.now());
    }
    throw stillRunning();
  }

  async function keep(answer: KeptAnswer): Promise<void> {
    try {
      const value: IdempotentAnswer = {
        fingerprint,
        sealedAnswer: context.sealing.seal(JSON.stringify(answer), place),
      };
      const kept = await records.replace({ id, organizationId, revision: 1, expiresAt: context.now() + keptMs, value });
      if (!kept) throw new Error('The record of the key was gone.');
    } catch (error) {
      context.reportTrouble('the answer to an Idempotency-Key could not be kept', error);
    }
  }

  /** Frees the key after a refusal, unless it has run so long that it may be another request's by now. */
  async function giveUp(): Promise<void> {
    try {
      if (context.now() < runsUntil) await records.delete(id);
    } catch (error) {
      context.reportTrouble('an Idempotency-Key could not be freed', error);
    }
  }

  function replay(known: StoredRecord<IdempotentAnswer>) {
    if (known.value.fingerprint !== fingerprint) {
      throw new IdempotencyError(
        'idempotencyKeyReused',
        'This Idempotency-Key came with another request before; use a new one.',
      );
    }
    if (known.value.sealedAnswer === undefined) throw stillRunning();
    const stored = JSON.parse(context.sealing.unseal(known.value.sealedAnswer, place)) as KeptAnswer;
    return { answer: stored, replayed: true };
  }
}

function stillRunning(): IdempotencyError {
  return new IdempotencyError('idempotencyKeyRunning', 'The request with this Idempotency-Key is still running.', 1);
}

function hash(...parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}
