// Organisations. The document says how many seats the organisation began with, so that its ledger can be made by whoever first needs
// it after a crash between the two inserts.

import type { OrganizationId } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import { type Connection, type Model } from 'mongoose';
import type { OrganizationStore } from '../organization-store.ts';
import { type EffectFields, effectFields, effectSchema, withEffects } from './mongo-effects.ts';
import { guard, isDuplicateKey } from './mongo-errors.ts';
import { defineModel, DocumentSchema } from './mongo-model.ts';

type Telling = Pick<
  Organization,
  'alerts' | 'noticeDays' | 'dormancy' | 'language' | 'overUntil' | 'hiddenWhileInactive'
>;

export interface OrganizationDocument extends EffectFields {
  readonly _id: string;
  readonly revision: number;
  readonly licensedAtStart: number | null;
  readonly name: string;
  readonly timeZone: string;
  readonly state: Organization['state'];
  readonly endsAt: number | null;
  readonly seatPolicy: Organization['seatPolicy'];
  /** Missing in documents that are older than it. */
  readonly contact?: Organization['contact'] | null;
  readonly leaveSeat?: Organization['leaveSeat'] | null;
  readonly returnHour?: number | null;
  readonly reserveForReturn?: number | null;
  /** What is told of and how, as it is. */
  readonly telling?: Telling | null;
  readonly createdAt: number;
}

export type OrganizationModel = Model<OrganizationDocument>;

export function defineOrganizations(connection: Connection): OrganizationModel {
  const schema = new DocumentSchema(
    {
      _id: { type: String, required: true },
      organizationId: String,
      revision: Number,
      licensedAtStart: Number,
      name: String,
      timeZone: String,
      state: String,
      endsAt: Number,
      seatPolicy: String,
      contact: Object,
      leaveSeat: String,
      returnHour: Number,
      reserveForReturn: Number,
      telling: Object,
      createdAt: Number,
      ...effectSchema,
    },
    { versionKey: false, minimize: false, collection: 'organizations' },
  );
  schema.index({ effectsDue: 1 }, { name: 'effectsDue' });
  return defineModel<OrganizationDocument>(connection, 'organizations', schema);
}

/** `insertLedger` makes the ledger that belongs to a new organisation. */
export function createOrganizationStore(
  organizations: OrganizationModel,
  insertLedger: (id: OrganizationId, licensed: number | null) => Promise<void>,
): OrganizationStore {
  return {
    get: (id) =>
      guard(async () => {
        const document = await organizations.findById(id).lean<OrganizationDocument>();
        return document === null ? null : fromDocument(document);
      }),

    list: () =>
      guard(async () => {
        const documents = await organizations.find().sort({ _id: 1 }).lean<OrganizationDocument[]>();
        return documents.map(fromDocument);
      }),

    insert: (organization, licensed, effects) =>
      guard(async () => {
        const fields = { ...toFields(organization), licensedAtStart: licensed, ...effectFields(effects) };
        try {
          await organizations.insertOne({ _id: organization.id, ...fields });
        } catch (error) {
          if (isDuplicateKey(error)) return false;
          throw error;
        }
        await insertLedger(organization.id, licensed);
        return true;
      }),

    replace: (organization, expectedRevision, effects) =>
      guard(async () => {
        const written = await organizations.updateOne(
          { _id: organization.id, revision: expectedRevision },
          withEffects(toFields(organization), effects),
        );
        return written.matchedCount === 1;
      }),
  };
}

function toFields({
  id,
  endsAt,
  contact,
  leaveSeat,
  returnHour,
  reserveForReturn,
  ...rest
}: Organization): Record<string, unknown> {
  const { name, timeZone, state, seatPolicy, createdAt, revision } = rest;
  const plain = { organizationId: id, name, timeZone, state, seatPolicy, createdAt, revision };
  const options = {
    contact: contact ?? null,
    leaveSeat: leaveSeat ?? null,
    returnHour: returnHour ?? null,
    reserveForReturn: reserveForReturn ?? null,
  };
  const { alerts, noticeDays, dormancy, language, overUntil, hiddenWhileInactive } = rest;
  // The driver would write what is undefined.
  const telling = Object.fromEntries(
    Object.entries({ alerts, noticeDays, dormancy, language, overUntil, hiddenWhileInactive }).filter(
      ([, value]) => value !== undefined,
    ),
  );
  return { ...plain, endsAt: endsAt ?? null, ...options, telling };
}

function fromDocument(document: OrganizationDocument): Organization {
  const { name, timeZone, state, endsAt, seatPolicy, contact, createdAt, revision } = document;
  const { leaveSeat, returnHour, reserveForReturn, telling } = document;
  return {
    id: document._id as OrganizationId,
    name,
    timeZone,
    state,
    ...(endsAt === null ? {} : { endsAt }),
    seatPolicy,
    ...(contact === undefined || contact === null ? {} : { contact }),
    ...(leaveSeat === undefined || leaveSeat === null ? {} : { leaveSeat }),
    ...(returnHour === undefined || returnHour === null ? {} : { returnHour }),
    ...(reserveForReturn === undefined || reserveForReturn === null ? {} : { reserveForReturn }),
    ...telling,
    createdAt,
    revision,
  };
}
