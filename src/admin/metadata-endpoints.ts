// The metadata a SAML connection follows: what was seen of it, looking again now, and taking what waits for an administrator.

import { z } from 'zod';
import { DirectoryError } from '#directory/directory-error.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import { OutboundRefusal } from '#gate/connections/outbound-fetch.ts';
import { fetchMetadata } from '#gate/connections/saml/followed-metadata.ts';
import { SamlRefusal } from '#gate/connections/saml/saml-refusal.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import type { MetadataWatch } from '#storage/metadata-watch-records.ts';
import { AdminError } from './admin-problem.ts';
import {
  defineOperation,
  paramOf,
  toIso,
  type AdminContext,
  type Operation,
  type OperationCall,
} from './admin-operation.ts';
import { readConnection } from './connection-changes.ts';
import type { ConnectionInput } from './connection-input.ts';
import { change, instant } from './contract-words.ts';
import { acceptProposal, followOne, readWatch } from './follow-metadata.ts';

const base = '/organizations/:org/connections/:id/metadata';
const metadataAnswer = z.object({
  url: z.string(),
  fetchedAt: instant.nullable().describe('Null before the first time.'),
  failure: z.string().optional().describe('Why the last one could not be used.'),
  proposed: z
    .object({
      digest: z.string(),
      ssoUrl: z.string(),
      fingerprints: z.array(z.string()),
      logoutService: z.record(z.string(), z.unknown()).optional(),
    })
    .optional()
    .describe('What no known key signed; it counts once it is accepted.'),
});

export const metadataOperations: readonly Operation[] = [
  defineOperation({
    id: 'metadata.get',
    method: 'get',
    path: base,
    summary: 'What was seen of the metadata a SAML connection follows',
    answer: metadataAnswer,
    run: async (context, call) => {
      const { url, id } = await followedBy(context, call);
      const watch = await readWatch(context, call.organization.id, id);
      return { body: watch?.url === url ? toAnswer(watch) : { url, fetchedAt: null } };
    },
  }),
  defineOperation({
    id: 'metadata.fetch',
    method: 'post',
    path: `${base}/fetch`,
    summary: 'Fetch it now: what a known key signed is applied, the rest is proposed',
    answer: metadataAnswer.extend({ change }),
    run: async (context, call) => {
      const { id } = await followedBy(context, call);
      const followed = await followOne(context, call.organization.id, id, call.by);
      if (followed === null) throw notFollowing();
      return { body: { ...toAnswer(followed.watch), change: followed.change } };
    },
  }),
  defineOperation({
    id: 'metadata.accept',
    method: 'post',
    path: `${base}/accept`,
    summary: 'Take what is proposed; `digest` says what was looked at',
    body: z.strictObject({ digest: z.string().regex(/^[0-9a-f]{64}$/, { error: 'must be the digest of a proposal' }) }),
    answer: z.object({ change }),
    run: async (context, call) => {
      const { id } = await followedBy(context, call);
      const accepted = await acceptProposal(context, call.organization.id, id, call.body.digest, call.by);
      if (accepted === null) throw new AdminError('keyConflict', 'This is not what is proposed now; look again.');
      return { body: accepted };
    },
  }),
];

/** With the metadata its address gives now: the administrator who names the address vouches for what is there. Throws `invalidValue`. */
export async function withMetadata(context: AdminContext, input: ConnectionInput): Promise<ConnectionInput> {
  const { signIn } = input;
  if (signIn?.kind !== 'saml' || signIn.metadataUrl === undefined || signIn.metadata !== undefined) return input;
  try {
    const metadata = await fetchMetadata(signIn.metadataUrl, context.gate.config);
    return { ...input, signIn: { ...signIn, metadata } };
  } catch (error) {
    const detail =
      error instanceof SamlRefusal ? error.detail : error instanceof OutboundRefusal ? error.message : null;
    if (detail === null) throw error;
    throw new DirectoryError('invalidValue', `metadataUrl: ${detail}.`, { field: 'metadataUrl' });
  }
}

async function followedBy(
  context: AdminContext,
  call: Pick<OperationCall, 'organization' | 'params'>,
): Promise<{ readonly id: ConnectionId; readonly url: string }> {
  const { id, signIn } = await readConnection(context, call.organization.id, paramOf(call, 'id') as ConnectionId);
  if (signIn?.kind !== 'saml' || signIn.metadataUrl === undefined) throw notFollowing();
  return { id, url: signIn.metadataUrl };
}

function notFollowing(): AdminError {
  return new AdminError('keyNotFound', 'This connection follows no metadata.');
}

function toAnswer({ url, fetchedAt, failure, proposed }: MetadataWatch) {
  return {
    url,
    fetchedAt: toIso(fetchedAt),
    ...(failure === undefined ? {} : { failure }),
    ...(proposed === undefined
      ? {}
      : {
          proposed: {
            digest: proposed.digest,
            ssoUrl: proposed.ssoUrl,
            fingerprints: proposed.certificates.map((pem) => readSigningCertificate(pem).fingerprint),
            ...(proposed.logoutService === undefined ? {} : { logoutService: proposed.logoutService }),
          },
        }),
  };
}
