// Plain records, one collection per kind. A record that never expires has an expiry too, at the end of time: then one comparison
// serves all. A record deleted while its effects wait stays, unseen, until they are carried out.

import type { Instant, OrganizationId } from '#directory/identifiers.ts';
import { type Connection, type Model, Schema } from 'mongoose';
import {
  type AnnouncedKind,
  assertMayCarry,
  type RecordKind,
  type RecordStore,
  type StoredRecord,
} from '../record-store.ts';
import { StorageError } from '../storage-error.ts';
import { operators } from './mongo-connection.ts';
import { type EffectFields, effectFields, effectSchema, withEffects } from './mongo-effects.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import { fromStorable, toStorable } from './mongo-storable.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

export interface RecordDocument extends EffectFields {
  readonly _id: string;
  readonly revision: number;
  readonly expiresAt: number;
  readonly keys: readonly string[];
  readonly value: unknown;
  readonly gone: boolean;
}

export type RecordModel = Model<RecordDocument>;

const never = Number.MAX_SAFE_INTEGER;
/** Times an insert starts over while others remove what was in its place. */
const rounds = 20;

/** The version tells whoever completes the effects right now that the document changed under them. */
const markGone = { $set: { gone: true }, $inc: { effectsVersion: 1 } };

export function defineRecords(connection: Connection, { name, carriesEffects }: AnnouncedKind): RecordModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      revision: Number,
      expiresAt: Number,
      keys: [String],
      value: Schema.Types.Mixed,
      gone: Boolean,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: `records_${name}` },
  );
  schema.index({ organizationId: 1, keys: 1, _id: 1 }, { name: 'keys' });
  schema.index({ organizationId: 1, _id: 1 }, { name: 'all' });
  schema.index({ expiresAt: 1 }, { name: 'expiry' });
  if (carriesEffects === true) schema.index({ effectsDue: 1 }, { name: 'effectsDue' });
  return defineModel<RecordDocument>(connection, `records_${name}`, schema);
}

export function createRecordStore<Value>(records: RecordModel, kind: RecordKind<Value>): RecordStore<Value> {
  const fieldsOf = (value: Value, expiresAt: Instant | undefined): Record<string, unknown> => ({
    value: toStorable(value),
    keys: [...new Set(kind.keysOf(value))],
    expiresAt: expiresAt ?? never,
  });
  const visible = (now: Instant): object => ({ gone: false, expiresAt: operators({ $gt: now }) });

  const insertOnce: RecordStore<Value>['insertOnce'] = ({ id, organizationId, value, expiresAt }, effects = []) =>
    guard(async () => {
      assertMayCarry(kind, effects);
      const fields = { organizationId, revision: 1, gone: false, ...fieldsOf(value, expiresAt) };
      for (let round = 0; round < rounds; round += 1) {
        try {
          await records.insertOne({ _id: id, ...fields, ...effectFields(effects) });
          return true;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        const revived = await records.updateOne({ _id: id, organizationId, gone: true }, withEffects(fields, effects));
        if (revived.matchedCount === 1) return true;
        // Gone for good between the two: its effects were carried out, or it was swept. Then the id is free.
        if ((await records.exists({ _id: id })) !== null) break;
      }
      return false;
    });

  return {
    insertOnce,

    async insert(record, effects) {
      if (!(await insertOnce(record, effects)))
        throw new StorageError('duplicate', `This ${kind.name} exists already.`);
    },

    get: (id, now) =>
      guard(async () => {
        const found = await records.findOne({ _id: id, ...visible(now) }).lean<RecordDocument>();
        return found === null ? null : fromDocument<Value>(found);
      }),

    getMany: (ids, now) =>
      guard(async () => {
        const asked = { _id: operators({ $in: ids }), ...visible(now) };
        return (await records.find(asked).lean<RecordDocument[]>()).map((found) => fromDocument<Value>(found));
      }),

    replace: ({ id, organizationId, revision, expiresAt, value }, effects = []) =>
      guard(async () => {
        assertMayCarry(kind, effects);
        const written = await records.updateOne(
          { _id: id, organizationId, revision, gone: false },
          withEffects(fieldsOf(value, expiresAt), effects, { revision: 1 }),
        );
        return written.matchedCount === 1;
      }),

    take: (id, now) =>
      guard(async () => {
        const taken = await remove({ _id: id, ...visible(now) });
        return taken === null ? null : fromDocument<Value>(taken);
      }),

    delete: (id) => guard(async () => (await remove({ _id: id, gone: false })) !== null),

    list: (organizationId, { key, after, offset = 0, limit, newestFirst = false }, now) =>
      guard(async () => {
        // The driver takes a limit of 0 for none.
        if (limit <= 0) return [];
        const beyond = after === undefined ? {} : { _id: operators(newestFirst ? { $lt: after } : { $gt: after }) };
        const found = await records
          .find({ organizationId, ...visible(now), ...(key === undefined ? {} : { keys: key }), ...beyond })
          .sort({ _id: newestFirst ? -1 : 1 })
          .skip(offset)
          .limit(limit)
          .lean<RecordDocument[]>();
        return found.map((document) => fromDocument<Value>(document));
      }),

    deleteExpired: (now, limit) =>
      guard(async () => {
        if (limit <= 0) return 0;
        const expired = { expiresAt: operators({ $lte: now }), gone: false };
        const found = await records.find(expired, { _id: 1 }).limit(limit).lean<{ _id: string }[]>();
        if (found.length === 0) return 0;
        const ids = found.map(({ _id }) => _id);
        // The guards once more: a record may have been given more time since.
        const still = (): object => ({
          _id: operators({ $in: ids }),
          gone: false,
          expiresAt: operators({ $lte: now }),
        });
        // Marked first: effects may be carried out between two steps, and what is marked nobody sees again.
        const { modifiedCount } = await records.updateMany(
          { ...still(), effectsDue: operators({ $gte: 0 }) },
          markGone,
        );
        const { deletedCount } = await records.deleteMany({ ...still(), effectsDue: null });
        await records.deleteMany({ _id: operators({ $in: ids }), gone: true, effectsDue: null });
        return modifiedCount + deletedCount;
      }),
  };

  /** Of many callers one gets the document: by deleting it, or while effects wait by marking it as gone. */
  async function remove(filter: Readonly<Record<string, unknown>>): Promise<RecordDocument | null> {
    const deleted = await records.findOneAndDelete({ ...filter, effectsDue: null }).lean<RecordDocument>();
    if (deleted !== null) return deleted;
    const marked = await records.findOneAndUpdate(filter, markGone).lean<RecordDocument>();
    // The effects may have been carried out between the two.
    if (marked !== null) await records.deleteOne({ _id: marked._id, gone: true, effectsDue: null });
    return marked;
  }
}

function fromDocument<Value>(document: RecordDocument): StoredRecord<Value> {
  const { _id, organizationId, revision, expiresAt, value } = document;
  return {
    id: _id,
    organizationId: organizationId as OrganizationId,
    revision,
    ...(expiresAt === never ? {} : { expiresAt }),
    value: fromStorable(value) as Value,
  };
}
