// The connector of a connection, opened for one run: its secret, what it may ask for, whom it can find.

import type { Connection } from '#directory/connection.ts';
import type { HrPull } from '#directory/hr-pull.ts';
import type { Organization } from '#directory/organization.ts';
import { toLocalDate } from '#provisioning/leave-dates.ts';
import { pullSecretPlace } from '#secrets/pull-secret.ts';
import { SealError, type SealContext, type Sealing } from '#secrets/sealing.ts';
import type { HrPullState, PullRun } from '#storage/hr-pull-records.ts';
import type { Storage } from '#storage/storage.ts';
import { findPerson } from '../find-person.ts';
import type { Identifiers } from '../status-line.ts';
import { createBambooApi } from './bamboohr-requests.ts';
import { createBambooSource } from './bamboohr-source.ts';
import { createGenericSource } from './generic-source.ts';
import { createGetJson, PullFailure, type OutboundAllowance } from './pull-request.ts';
import type { PullScope, PullSource } from './pull-source.ts';

export interface SourceContext {
  readonly storage: Storage;
  readonly now: () => number;
  readonly unseal: Sealing['unseal'];
  readonly config: OutboundAllowance;
}

/** With its secret; one that cannot be opened any more is a failure to read. */
export function openSource(
  context: SourceContext,
  organization: Organization,
  connection: Connection,
  pull: HrPull,
  { isFull }: PullRun,
  { since }: HrPullState,
): PullSource {
  const place = pullSecretPlace(organization.id, connection.id);
  const headers = unsealHeaders(context, pull, place);
  if (headers === null) return unreadableSecret;
  const get = createGetJson(context.config, headers, context.now);
  const today = toLocalDate(context.now(), organization.timeZone);
  const scope: PullScope = { since: isFull ? undefined : since, today, now: context.now };
  if (pull.kind === 'generic') return createGenericSource(pull, get, scope);
  const find = async (identifiers: Identifiers) => {
    const found = await findPerson(context.storage, organization.id, identifiers);
    return 'user' in found ? found.user : null;
  };
  return createBambooSource({ api: createBambooApi(pull, get), pull, connection: connection.id, scope, find });
}

/** Null: sealed with another `FURLOUGH_SECRET`, or not as it was stored. */
function unsealHeaders(
  { unseal }: SourceContext,
  { sealedHeaders }: HrPull,
  place: SealContext,
): Readonly<Record<string, string>> | null {
  if (sealedHeaders === undefined) return {};
  try {
    return JSON.parse(unseal(sealedHeaders, place)) as Readonly<Record<string, string>>;
  } catch (error) {
    if (error instanceof SealError) return null;
    throw error;
  }
}

const unreadableSecret: PullSource = {
  read() {
    throw new PullFailure('Our secret for it cannot be opened any more; write the connection with it once more.', true);
  },
};
