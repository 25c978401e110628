/** MongoDB keeps the contract of every port. Crashes and lost answers between the steps of a seat are tested in mongo/. */
import { openMongoStorage } from '#storage/mongo/mongo-storage.ts';
import mongoose from 'mongoose';
import { testMongos } from '../harness/mongo-for-tests.ts';
import { describeAuditStore } from './contract/audit-store.ts';
import { contractRecordKinds } from './contract/contract-world.ts';
import { describeDoorStore } from './contract/door-store.ts';
import { describeEffectOutbox } from './contract/effect-outbox.ts';
import { describeGroupStore } from './contract/group-store.ts';
import { describeLeaseStore } from './contract/lease-store.ts';
import { describeOrganizationStore } from './contract/organization-store.ts';
import { describeRecordStore } from './contract/record-store.ts';
import { describeSeatEventStore } from './contract/seat-event-store.ts';
import { type BreakLedger, describeSeatLedgerStore } from './contract/seat-ledger-store.ts';
import { type BreakBudget, describeSeatBudgetStore } from './contract/seat-budget-store.ts';
import { toldBefore } from './contract/told-before.ts';
import { describeUserCommit } from './contract/user-commit.ts';
import { describeUserLeaves } from './contract/user-leaves.ts';
import { describeUserRace } from './contract/user-race.ts';
import { describeUserStore } from './contract/user-store.ts';

// oxlint-disable-next-line jest/no-disabled-tests -- said loudly, and a failure under CI
if (testMongos.length === 0) test.skip('no MongoDB on this machine: set MONGODB_URI', () => {});

describe.each([...testMongos])('on $kind', (mongo) => {
  const opened: string[] = [];
  const open = async () => {
    const uri = mongo.freshDatabaseUri();
    opened.push(uri);
    return openMongoStorage(uri, { recordKinds: contractRecordKinds });
  };
  const withClient = async (uri: string, work: (database: mongoose.mongo.Db) => Promise<unknown>): Promise<void> => {
    const client = await mongoose.mongo.MongoClient.connect(uri);
    await work(client.db()).finally(() => client.close());
  };
  afterAll(async () => {
    for (const uri of opened) await withClient(uri, (database) => database.dropDatabase());
  });

  const seatsUri = mongo.freshDatabaseUri();
  opened.push(seatsUri);
  const breakLedger: BreakLedger = (_storage, organizationId, by) =>
    withClient(seatsUri, (database) =>
      database
        .collection<{ _id: string }>('seatLedgers')
        .updateOne({ _id: organizationId }, { $inc: { used: by, free: -by } }),
    );

  const budgetsUri = mongo.freshDatabaseUri();
  opened.push(budgetsUri);
  const breakBudget: BreakBudget = (_storage, organizationId, department, by) =>
    withClient(budgetsUri, (database) =>
      database
        .collection<{ _id: string }>('seatLedgers')
        .updateOne(
          { _id: organizationId },
          { $inc: { [`budgets.of.${department}.used`]: by, [`budgets.of.${department}.free`]: -by } },
        ),
    );

  describeOrganizationStore(open);
  describeUserStore(open);
  describeUserLeaves(open);
  describeGroupStore(open);
  describeUserCommit(open);
  describeUserCommit(toldBefore(open));
  // FerretDB gets one command at a time: what races there shows nothing about the store.
  if (mongo.kind !== 'ferretdb') describeUserRace(open);
  describeSeatLedgerStore(() => openMongoStorage(seatsUri, { recordKinds: contractRecordKinds }), breakLedger);
  describeSeatEventStore(open);
  describeSeatBudgetStore(() => openMongoStorage(budgetsUri, { recordKinds: contractRecordKinds }), breakBudget);
  describeRecordStore(open);
  describeEffectOutbox(open);
  describeAuditStore(open);
  describeLeaseStore(open);
  describeDoorStore(open);
});
