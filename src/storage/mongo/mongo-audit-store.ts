// The audit chain. Two unique keys keep it whole without a head document: one entry per number, one entry per event (gate.md 8).

import type { AuditEvent } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { type Connection, type Model, type mongo, Schema } from 'mongoose';
import type { AuditEntry, AuditStore } from '../audit-store.ts';
import { operators } from './mongo-connection.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import { fromStorable, toStorable } from './mongo-storable.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

interface AuditDocument {
  /** Organisation and event: the unique key of the event. */
  readonly _id: string;
  readonly organizationId: string;
  readonly seq: number;
  readonly at: number;
  readonly eventId: string;
  readonly event: unknown;
  readonly prevHash: string;
  readonly hash: string;
}

export type AuditModel = Model<AuditDocument>;

export function defineAuditEntries(connection: Connection): AuditModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      seq: Number,
      at: Number,
      eventId: String,
      event: Schema.Types.Mixed,
      prevHash: String,
      hash: String,
    },
    { versionKey: false, minimize: false, collection: 'auditEntries' },
  );
  schema.index({ organizationId: 1, seq: 1 }, { name: 'seq', unique: true });
  return defineModel<AuditDocument>(connection, 'auditEntries', schema);
}

export function createAuditStore(entries: AuditModel): AuditStore {
  return {
    last: (organizationId) =>
      guard(async () => {
        const last = await entries.findOne({ organizationId }).sort({ seq: -1 }).lean<AuditDocument>();
        return last === null ? null : fromDocument(last);
      }),

    insert: (entry) =>
      guard(async () => {
        const document = toDocument(entry);
        try {
          await entries.insertOne(document);
          return 'inserted';
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          return (await entries.exists({ _id: document._id })) === null ? 'seqTaken' : 'eventKnown';
        }
      }),

    insertInOrder: (several) =>
      guard(async () => {
        if (several.length === 0) return 0;
        try {
          await entries.insertMany(several.map(toDocument), { ordered: true, lean: true });
          return several.length;
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
          // In order: what came before the first error is stored, and nothing after it.
          const [first] = [(error as mongo.MongoBulkWriteError).writeErrors].flat();
          return first?.index ?? 0;
        }
      }),

    list: (organizationId, { after, limit, newestFirst = false }) =>
      guard(async () => {
        // The driver takes a limit of 0 for none.
        if (limit <= 0) return [];
        const beyond = after === undefined ? {} : { seq: operators(newestFirst ? { $lt: after } : { $gt: after }) };
        const found = await entries
          .find({ organizationId, ...beyond })
          .sort({ seq: newestFirst ? -1 : 1 })
          .limit(limit)
          .lean<AuditDocument[]>();
        return found.map(fromDocument);
      }),
  };
}

function toDocument(entry: AuditEntry): AuditDocument {
  return { _id: `${entry.organizationId}/${entry.eventId}`, ...entry, event: toStorable(entry.event) };
}

function fromDocument({ _id, organizationId, event, ...rest }: AuditDocument): AuditEntry {
  return { organizationId: organizationId as OrganizationId, ...rest, event: fromStorable(event) as AuditEvent };
}
