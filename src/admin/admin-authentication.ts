// Who may call the admin API: a bearer credential of kind `admin`, for its own organisation, or with scope `instance` for all.
// Another organisation is as good as unknown (gate.md 9).

import type { Credential } from '#directory/credential.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { Organization } from '#directory/organization.ts';
import { readBearerToken } from '#secrets/credential-authentication.ts';
import { readOrganization, type AdminContext, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';

/** A request as far as it matters here. */
export interface Caller {
  readonly authorization: string | undefined;
  /** For the log line. */
  readonly notes: Record<string, string | number>;
  /** Seconds to wait, or null: this address has not sent too many refused credentials. */
  readonly countRefusal: () => number | null;
}

/** The credential of a request. Throws `unauthenticated` or `tooManyBadCredentials`; `StorageError` passes through. */
export async function authenticateAdmin(context: AdminContext, caller: Caller): Promise<Credential> {
  const token = readBearerToken(caller.authorization);
  if (token === null) {
    throw new AdminError(
      'unauthenticated',
      'Send an admin credential as a bearer token.',
      challenge('Bearer realm="furlough"'),
    );
  }
  const outcome = await context.authentication.authenticate(token, ['admin']);
  if (outcome.kind === 'accepted') {
    caller.notes['organization'] = outcome.credential.organizationId;
    caller.notes['credential'] = outcome.credential.id;
    return outcome.credential;
  }
  caller.notes['credential_refused'] = outcome.reason;
  const wait = caller.countRefusal();
  if (wait !== null) {
    const headers = { 'Retry-After': String(wait) };
    throw new AdminError('tooManyBadCredentials', 'Too many refused credentials from this address.', { headers });
  }
  const invalid = challenge('Bearer realm="furlough", error="invalid_token"');
  throw new AdminError('unauthenticated', 'This credential is not accepted.', invalid);
}

/**
 * The organisation an operation is about: the one in the path, else the caller's own.
 * Throws `organizationNotFound` for one the credential does not reach, `notAllowed` for what its scopes exclude.
 */
export async function authorizeAdmin(
  context: AdminContext,
  credential: Credential,
  operation: Operation,
  organizationInPath: string | undefined,
): Promise<Organization> {
  const reachesAll = credential.scopes.includes('instance');
  if (organizationInPath === undefined && !reachesAll)
    throw new AdminError('notAllowed', 'This needs a credential with scope `instance`.');
  const id = organizationInPath ?? credential.organizationId;
  if (id !== credential.organizationId && !reachesAll)
    throw new DirectoryError('organizationNotFound', 'not this credential’s');
  const organization = await readOrganization(context, id);
  if (operation.changes && credential.scopes.includes('read')) {
    throw new AdminError('notAllowed', 'A credential with scope `read` changes nothing.');
  }
  return organization;
}

/** Who changes, as holds and audit entries will name them. */
export function toChangeContext(credential: Credential, requestId: string): ChangeContext {
  const { id, organizationId: credentialOf, name, owner } = credential;
  const user = owner === undefined ? {} : { user: owner };
  return {
    actor: { kind: 'administrator', credential: id, credentialOf, name, ...user },
    mouth: 'adminApi',
    requestId,
  };
}

function challenge(value: string) {
  return { headers: { 'WWW-Authenticate': value } };
}
