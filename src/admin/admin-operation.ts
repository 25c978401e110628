// One operation of the admin API as data: where it is, what it takes, what it answers, and the function that does it.
// The router serves it over HTTP, the CLI runs it in-process, the OpenAPI document describes it: all three from here.

import { z } from 'zod';
import type { AuditTrail } from '#audit/audit-chain.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Instant, OrganizationId, RandomBytes } from '#directory/identifiers.ts';
import type { Organization } from '#directory/organization.ts';
import type { SignatureVerifier } from '#gate/connections/saml/signature-verifier.ts';
import type { GateContext } from '#gate/gate-context.ts';
import type { Mailer } from '#notices/mailer.ts';
import type { Metrics } from '#observability/metrics.ts';
import type { ProvisioningLog } from '#provisioning/provisioning-log.ts';
import type { Provisioning } from '#provisioning/provisioning.ts';
import type { CredentialAuthentication } from '#secrets/credential-authentication.ts';
import type { CredentialUses } from '#secrets/credential-use.ts';
import type { Credentials } from '#secrets/credentials.ts';
import type { Sealing } from '#secrets/sealing.ts';
import type { SigningKeys } from '#secrets/signing-keys.ts';
import type { ImportContext } from '#import-export/import-context.ts';
import type { BadCredentialLimit } from '#http/bad-credentials.ts';
import type { Storage } from '#storage/storage.ts';
import { refuseInput } from './admin-problem.ts';
import type { HrBatches } from './hr-batches.ts';
import type { HrPulls } from './hr-pulls.ts';
import type { LookUpTxt } from './txt-lookup.ts';

/** What the admin API is given. */
export interface AdminContext {
  readonly storage: Storage;
  readonly provisioning: Provisioning;
  readonly credentials: Credentials;
  readonly credentialUses: Pick<CredentialUses, 'lastUseOf' | 'lastUsesIn'>;
  readonly provisioningLog: Pick<ProvisioningLog, 'list' | 'get' | 'flush'>;
  readonly authentication: CredentialAuthentication;
  readonly badCredentials: BadCredentialLimit;
  readonly sealing: Sealing;
  readonly signingKeys: SigningKeys;
  readonly audit: AuditTrail;
  readonly metrics: Pick<Metrics, 'auditChainOk'>;
  readonly signatureVerifier: SignatureVerifier;
  /** For what the gate keeps: sessions and sign-ins. */
  readonly gate: GateContext;
  readonly now: () => Instant;
  readonly randomBytes: RandomBytes;
  readonly wakeRelay: () => void;
  /** For files that are taken in and given out. */
  readonly imports: ImportContext;
  /** There is an import to be worked on. */
  readonly wakeImports: () => void;
  readonly lookUpTxt: LookUpTxt;
  /** Null: no mail is configured. */
  readonly mailer: Mailer | null;
  readonly hrPulls: HrPulls;
  readonly hrBatches: HrBatches;
  /** Carries out now what waits for the relay, so that what was just done is in the audit trail that is read next. */
  readonly settleEffects: () => Promise<void>;
  readonly config: {
    readonly baseUrl: string;
    readonly bodyBytes: number;
  };
  readonly version: string;
}

/** Who calls, with what. `organization` stands for instance-wide operations too: there it is the caller's own. */
export interface OperationCall {
  readonly organization: Organization;
  /** Whether the caller reaches every organisation. */
  readonly reachesAll: boolean;
  readonly params: Readonly<Record<string, string>>;
  readonly query: unknown;
  readonly body: unknown;
  /** The `If-Match` header. */
  readonly ifMatch?: string;
  /** The `Accept-Language` header. */
  readonly acceptLanguage?: string;
  readonly by: ChangeContext;
}

export interface Call<Body, Query> extends Omit<OperationCall, 'body' | 'query'> {
  readonly body: Body;
  readonly query: Query;
}

/** A file as an answer, given out as it is made. */
export interface FileAnswer {
  readonly type: string;
  readonly name: string;
  readonly content: AsyncIterable<Uint8Array>;
}

/** A body that was taken in piece by piece and stored. */
export interface Received {
  /** What the operation gets as its body. */
  readonly body: unknown;
  /** The same for the same bytes: for `Idempotency-Key`. */
  readonly fingerprint: string;
  /** Takes it back where the operation does not run. Never throws. */
  discard(): Promise<void>;
}

export interface Answer {
  /** 200 unless given. */
  readonly status?: number;
  readonly body: unknown;
  /** Instead of `body`. */
  readonly file?: FileAnswer;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Operation {
  /** For example `users.deactivate`. */
  readonly id: string;
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** Below `/api/v1`, parameters as `:name`. */
  readonly path: string;
  readonly summary: string;
  /** Whether it changes anything: a credential with scope `read` may not. */
  readonly changes: boolean;
  readonly body?: z.ZodType;
  readonly query?: z.ZodType;
  readonly answer: z.ZodType;
  readonly status: number;
  /** Media type of a body or an answer that is no JSON. */
  readonly takes?: string;
  readonly gives?: string;
  /** Takes in a body that is no JSON, before `run`. */
  readonly receive?: (
    context: AdminContext,
    call: OperationCall & { readonly contentType: string },
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<Received>;
  readonly run: (context: AdminContext, call: OperationCall) => Promise<Answer>;
}

interface OperationWords<Body extends z.ZodType, Query extends z.ZodType> {
  readonly id: string;
  readonly method: Operation['method'];
  readonly path: string;
  readonly summary: string;
  readonly body?: Body;
  readonly query?: Query;
  readonly answer: z.ZodType;
  /** Of success; 200 unless given. */
  readonly status?: number;
  /** POST that changes nothing (a check). */
  readonly readsOnly?: boolean;
  readonly takes?: string;
  readonly gives?: string;
  readonly receive?: (
    context: AdminContext,
    call: Call<undefined, z.output<Query>> & { readonly contentType: string },
    bytes: AsyncIterable<Uint8Array>,
  ) => Promise<Received>;
  readonly run: (context: AdminContext, call: Call<z.output<Body>, z.output<Query>>) => Promise<Answer>;
}

const nothing = z.strictObject({});

/** An operation whose body and query are checked before it runs. Without a schema they must be empty. */
export function defineOperation<Body extends z.ZodType = typeof nothing, Query extends z.ZodType = typeof nothing>(
  words: OperationWords<Body, Query>,
): Operation {
  const { body, query, run, status, readsOnly, receive, ...rest } = words;
  const readQuery = (call: OperationCall): z.output<Query> => {
    const parsed = (query ?? nothing).safeParse(call.query ?? {});
    if (!parsed.success) throw refuseInput(parsed.error, 'query');
    return parsed.data as z.output<Query>;
  };
  return {
    ...rest,
    ...(body === undefined ? {} : { body }),
    ...(query === undefined ? {} : { query }),
    status: status ?? 200,
    changes: words.method !== 'get' && readsOnly !== true,
    ...(receive === undefined
      ? {}
      : {
          receive: (context, call, bytes) =>
            receive(context, { ...call, body: undefined, query: readQuery(call) }, bytes),
        }),
    async run(context, call) {
      const parsedQuery = readQuery(call);
      const parsedBody = (body ?? nothing).safeParse(call.body ?? {});
      if (!parsedBody.success) throw refuseInput(parsedBody.error, 'body');
      const answer = await run(context, {
        ...call,
        body: parsedBody.data as z.output<Body>,
        query: parsedQuery,
      });
      return { status: status ?? 200, ...answer };
    },
  };
}

/** A parameter of the path. */
export function paramOf(call: Pick<OperationCall, 'params'>, name: string): string {
  const value = call.params[name];
  if (value === undefined) throw new TypeError(`The path has no parameter ${name}.`);
  return value;
}

/** The organisation, or `organizationNotFound`. */
export async function readOrganization(context: AdminContext, id: string): Promise<Organization> {
  const organization = await context.storage.organizations.get(id as OrganizationId);
  if (organization === null) throw new DirectoryError('organizationNotFound', `There is no organisation ${id}.`);
  return organization;
}

/** Logs what went wrong beside a request that is answered all the same. */
export function reportTrouble(context: Pick<AdminContext, 'gate'>, message: string, error: unknown): void {
  context.gate.logger.error({ event: 'admin.trouble', err: error }, message);
}

export function toIso(instant: Instant): string {
  return new Date(instant).toISOString();
}
