// What the HR door is given.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { Credential } from '#directory/credential.ts';
import type { ConnectionId, RandomBytes } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import type { IdempotencyContext } from '#http/idempotency.ts';
import type { RateLimitOptions } from '#http/rate-limit.ts';
import type { ProvisioningLog } from '#provisioning/provisioning-log.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { CredentialAuthentication } from '#secrets/credential-authentication.ts';
import type { Storage } from '#storage/storage.ts';

export interface HrContext {
  readonly storage: Storage;
  readonly provisioning: Provisioning;
  readonly provisioningLog: Pick<ProvisioningLog, 'add'>;
  readonly authentication: CredentialAuthentication;
  readonly badCredentials: BadCredentialLimit;
  readonly sealing: IdempotencyContext['sealing'];
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  readonly reportTrouble: (message: string, error: unknown) => void;
  readonly limits: {
    readonly bodyBytes: number;
    /** Requests per second and credential. */
    readonly perSecond: RateLimitOptions['perSecond'];
    readonly burst: RateLimitOptions['burst'];
  };
}

/** Whose feed lines are of, sent or fetched. */
export interface FeedClient {
  readonly credential: Pick<Credential, 'id'>;
  readonly organization: Organization;
  readonly connection: ConnectionId;
  readonly by: ChangeContext;
  readonly requestId: string;
  /** How the provisioning log names what was fetched; of that only what is not as before is worth a line. */
  readonly fetchedFrom?: string;
}

/** Whose feed a request is. */
export interface HrClient extends FeedClient {
  readonly credential: Credential;
}

/** What carrying out lines takes. */
export type FeedContext = Pick<HrContext, 'storage' | 'provisioning' | 'provisioningLog' | 'now' | 'randomBytes'>;

export interface FeedCall {
  readonly client: FeedClient;
  /** Throws where nothing more may be done. */
  readonly assertStillIn: () => Promise<void>;
}

export interface HrCall {
  readonly client: HrClient;
  /** Asks whether the credential counts now; throws as at the door. */
  readonly assertStillIn: () => Promise<void>;
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, unknown>>;
  /** JSON; undefined for none. */
  readonly body: unknown;
}
