// What goes wrong inside the OpenID Provider and is not the sender's fault, in the protocol's form: a store that is away is 503, never "invalid",
// never "not active" (gate.md 1).

import { errors } from 'oidc-provider';
import { StorageError } from '#storage/storage-error.ts';

/** The store is away. RFC 6749 4.1.2.1 has the code; the browser gets a page, because the app cannot help either. */
export class StoreAway extends errors.OIDCProviderError {
  override readonly error = 'temporarily_unavailable';
  override readonly error_description = 'the store does not answer now; try again';
  override readonly allow_redirect = false;

  constructor(cause: unknown) {
    super(503, 'temporarily_unavailable');
    this.expose = true;
    this.cause = cause;
  }
}

/** Does the work; an outage leaves it as what the protocol says for one. */
export async function orStoreAway<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StorageError && error.code === 'unavailable' ? new StoreAway(error) : error;
  }
}
