// The part of a connection that fetches from an HR system: from what is sent to what is stored, and what may be told of it again.

import type { HrProvisioning, ScimProvisioning } from '#directory/connection.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import type { HrPull } from '#directory/hr-pull.ts';
import type { ConnectionId, OrganizationId } from '#directory/identifiers.ts';
import { isSafeUrl } from '#gate/connections/saml/safe-url.ts';
import { pullSecretPlace } from '#secrets/pull-secret.ts';
import type { AdminContext } from './admin-operation.ts';
import type { HrInput, PullInput } from './connection-input.ts';

/** Seals the secret. One that is left out stays only if it would go to the same host. Throws `invalidValue`. */
export function toHrProvisioning(
  context: AdminContext,
  organizationId: OrganizationId,
  id: ConnectionId,
  { pull, ...rest }: HrInput,
  before: ScimProvisioning | HrProvisioning | undefined,
): HrProvisioning {
  if (pull === undefined) return rest;
  const { headers, settings } = splitSecret(pull);
  const address = addressOf(settings);
  if (!isSafeUrl(address)) throw refuse(pull.kind === 'generic' ? 'url' : 'baseUrl', 'must be https.');
  if (settings.kind === 'generic') assertMapping(settings);
  const known = before?.kind === 'hr' ? before.pull : undefined;
  const stays = known !== undefined && hostOf(known) === hostOf(settings) ? known : undefined;
  if (headers !== undefined) {
    const sealedHeaders = context.sealing.seal(JSON.stringify(headers), pullSecretPlace(organizationId, id));
    return { ...rest, pull: { ...settings, ...namesOf(settings, headers), sealedHeaders } };
  }
  if (stays?.sealedHeaders === undefined) {
    if (settings.kind === 'bamboohr') throw refuse('apiKey', 'is missing: none is known for this host.');
    return { ...rest, pull: settings };
  }
  const names = stays.kind === 'generic' && settings.kind === 'generic' ? { headerNames: stays.headerNames } : {};
  return { ...rest, pull: { ...settings, ...names, sealedHeaders: stays.sealedHeaders } };
}

/** Nothing sealed. */
export function toProvisioningAnswer(provisioning: ScimProvisioning | HrProvisioning): object {
  if (provisioning.kind !== 'hr' || provisioning.pull === undefined) return provisioning;
  const { sealedHeaders, ...pull } = provisioning.pull;
  return { ...provisioning, pull: { ...pull, hasSecret: sealedHeaders !== undefined } };
}

function splitSecret(pull: PullInput): { readonly settings: HrPull; readonly headers?: Record<string, string> } {
  if (pull.kind === 'generic') {
    const { headers, ...settings } = pull;
    const given = headers === undefined || Object.keys(headers).length === 0 ? {} : { headers };
    return { settings: withoutGaps({ ...settings, headerNames: [] }) as HrPull, ...given };
  }
  const { apiKey, ...settings } = pull;
  // Basic authentication with the key as the name and anything as the password: BambooHR's own words.
  const authorization = `Basic ${Buffer.from(`${apiKey}:x`).toString('base64')}`;
  const given = apiKey === undefined ? {} : { headers: { Authorization: authorization } };
  return { settings: withoutGaps(settings) as HrPull, ...given };
}

function namesOf(settings: HrPull, headers: Readonly<Record<string, string>>) {
  return settings.kind === 'generic' ? { headerNames: Object.keys(headers) } : {};
}

function assertMapping({ mapping }: Extract<HrPull, { kind: 'generic' }>): void {
  const { employeeNumber, userName, email, externalId } = mapping;
  if ([employeeNumber, userName, email, externalId].every((place) => place === undefined))
    throw refuse('mapping', 'must say by what people are named.');
}

function addressOf(pull: HrPull): string {
  return pull.kind === 'generic' ? pull.url : (pull.baseUrl ?? `https://${pull.subdomain}.bamboohr.com`);
}

function hostOf(pull: HrPull): string {
  return `${pull.kind} ${new URL(addressOf(pull)).origin}`;
}

/** Of what a schema read, at every depth. */
function withoutGaps(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).filter(([, part]) => part !== undefined);
  return Object.fromEntries(members.map(([name, part]) => [name, withoutGaps(part)]));
}

function refuse(field: string, words: string): DirectoryError {
  return new DirectoryError('invalidValue', `${field} ${words}`, { field: `pull.${field}` });
}
