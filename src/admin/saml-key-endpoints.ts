// Our own keys of a SAML connection: which there are, and replacing one without a gap. A second key is published beside the first; once the
// other side knows it, the first is removed. What is published stands in our metadata.

import { z } from 'zod';
import type { ConnectionId } from '#directory/identifiers.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import type { KeyOwner, SamlKey } from '#secrets/saml-keys.ts';
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
import { change, instant } from './contract-words.ts';
import { recordChange, type ConfigurationChange } from './recorded-change.ts';

const base = '/organizations/:org/connections/:id/keys';
const use = z.enum(['signing', 'encryption']);
const keysAnswer = z.object({
  keys: z.array(
    z.object({
      id: z.string(),
      use,
      fingerprint: z.string(),
      certificate: z.string().describe('PEM, self-signed.'),
      notAfter: instant,
      createdAt: instant,
      signs: z
        .boolean()
        .describe('Of two signing keys the older one signs until it is removed; both encryption keys decrypt.'),
    }),
  ),
});

export const samlKeyOperations: readonly Operation[] = [
  defineOperation({
    id: 'samlKeys.list',
    method: 'get',
    path: base,
    summary: 'Our keys of a SAML connection, as its metadata has them',
    answer: keysAnswer,
    run: async (context, call) => {
      const owner = await ownerOf(context, call);
      return { body: toAnswer(await context.gate.samlKeys.list(owner)) };
    },
  }),
  defineOperation({
    id: 'samlKeys.add',
    method: 'post',
    path: base,
    summary: 'Publish one more key of ours beside the present one',
    body: z.strictObject({ use }),
    answer: keysAnswer.extend({ change }),
    status: 201,
    run: async (context, call) => {
      const owner = await ownerOf(context, call);
      let recorded: ReturnType<typeof recordChange> | undefined;
      const keys = await context.gate.samlKeys.add(owner, call.body.use, (added) => {
        recorded = record(context, owner, call.by, 'samlKeys.added', { after: describe(added) });
        return recorded.effects;
      });
      if (keys === null) throw new AdminError('keyConflict', 'There are two already; remove the older one first.');
      context.wakeRelay();
      return { body: { ...toAnswer(keys), change: recorded?.change ?? null } };
    },
  }),
  defineOperation({
    id: 'samlKeys.remove',
    method: 'delete',
    path: `${base}/:key`,
    summary: 'Take a key of ours away: it neither signs nor decrypts from now on',
    answer: keysAnswer.extend({ change }),
    run: async (context, call) => {
      const owner = await ownerOf(context, call);
      let recorded: ReturnType<typeof recordChange> | undefined;
      const keys = await context.gate.samlKeys.remove(owner, paramOf(call, 'key'), (removed) => {
        recorded = record(context, owner, call.by, 'samlKeys.removed', { before: describe(removed) });
        return recorded.effects;
      });
      if (keys === 'unknown') throw new AdminError('keyNotFound', 'There is no such key.');
      if (keys === 'last') throw new AdminError('keyConflict', 'It is the only one of its use; add another first.');
      context.wakeRelay();
      return { body: { ...toAnswer(keys), change: recorded?.change ?? null } };
    },
  }),
];

interface NamedOwner extends KeyOwner {
  readonly name: string;
}

async function ownerOf(
  context: AdminContext,
  call: Pick<OperationCall, 'organization' | 'params'>,
): Promise<NamedOwner> {
  const connection = await readConnection(context, call.organization.id, paramOf(call, 'id') as ConnectionId);
  if (connection.signIn?.kind !== 'saml')
    throw new AdminError('keyNotFound', 'This connection does not sign in by SAML.');
  const { organizationId, id, name } = connection;
  return { organizationId, id, name };
}

function record(
  context: AdminContext,
  { organizationId, id, name }: NamedOwner,
  by: OperationCall['by'],
  action: string,
  words: Pick<ConfigurationChange, 'before' | 'after'>,
) {
  return recordChange(context, organizationId, { action, target: { kind: 'connection', id, name }, ...words }, by);
}

function describe({ id, use: purpose, certificatePem }: SamlKey): Readonly<Record<string, unknown>> {
  return { key: id, use: purpose, fingerprint: readSigningCertificate(certificatePem).fingerprint };
}

function toAnswer(keys: readonly SamlKey[]) {
  const signer = keys.find((key) => key.use === 'signing')?.id;
  return {
    keys: keys.map(({ id, use: purpose, certificatePem, createdAt }) => {
      const { fingerprint, notAfter } = readSigningCertificate(certificatePem);
      return {
        id,
        use: purpose,
        fingerprint,
        certificate: certificatePem,
        notAfter: notAfter.toISOString(),
        createdAt: toIso(createdAt),
        signs: id === signer,
      };
    }),
  };
}
