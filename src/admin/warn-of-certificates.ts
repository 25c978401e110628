// Tells of certificates that end soon, thirty, fourteen and three days ahead, once each: in the log and in the audit trail. A provider's keys count
// here whatever the date says (gate.md 2.4), and it is the other side that will change them; of ours the other side may judge the date, and it is
// for an administrator to publish the next one in time.

import type { ChangeContext } from '#directory/effects-between.ts';
import { listSignInConnections } from '#gate/connections/open-connection.ts';
import type { SignInConnection } from '#gate/connections/sign-in-connection.ts';
import { readSigningCertificate } from '#gate/connections/saml/signing-certificate.ts';
import { certificateWarningRecords } from '#storage/metadata-watch-records.ts';
import type { AdminContext } from './admin-operation.ts';
import { recordChange } from './recorded-change.ts';

type WarningContext = Pick<AdminContext, 'storage' | 'now' | 'randomBytes' | 'wakeRelay' | 'gate'>;

const dayMs = 86_400_000;
/** Nearest first. */
const daysAhead = [3, 14, 30] as const;
const by: ChangeContext = { actor: { kind: 'system', name: 'certificates' }, mouth: 'schedule' };

/** Whole days until then, rounded down; negative once it is past. */
export function daysUntil(notAfter: Date, now: number): number {
  return Math.floor((notAfter.getTime() - now) / dayMs);
}

/** The sweep over all SAML connections. */
export async function warnOfCertificates(context: WarningContext): Promise<void> {
  for (const { id } of await context.storage.organizations.list()) {
    for (const connection of await listSignInConnections(context.gate, id)) {
      if (connection.signIn.kind !== 'saml') continue;
      const { certificates, metadataCertificates = [] } = connection.signIn;
      const own = await context.gate.samlKeys.list(connection);
      for (const pem of certificates) await warnOf(context, connection, { pem, owner: 'provider' });
      for (const pem of metadataCertificates) await warnOf(context, connection, { pem, owner: 'metadata' });
      for (const { certificatePem: pem } of own) await warnOf(context, connection, { pem, owner: 'furlough' });
    }
  }
}

interface PinnedCertificate {
  readonly pem: string;
  /** Whose key: of the provider's messages, of its metadata document, or ours. */
  readonly owner: 'provider' | 'metadata' | 'furlough';
}

async function warnOf(
  context: WarningContext,
  connection: SignInConnection,
  { pem, owner }: PinnedCertificate,
): Promise<void> {
  const { fingerprint, notAfter } = readSigningCertificate(pem);
  const left = (notAfter.getTime() - context.now()) / dayMs;
  const days = daysAhead.find((ahead) => left <= ahead);
  if (days === undefined) return;
  const { organizationId, id, name } = connection;
  const after = { owner, fingerprint, notAfter: notAfter.toISOString(), days };
  const told = { action: 'connection.certificateEnds', target: { kind: 'connection', id, name } as const, after };
  const { effects } = recordChange(context, organizationId, told, by);
  // The id is the guarantee: of all nodes and rounds one tells.
  const isFirst = await context.storage.records(certificateWarningRecords).insertOnce(
    {
      id: `${organizationId}/${id}/${fingerprint}/${days}`,
      organizationId,
      expiresAt: Math.max(notAfter.getTime(), context.now()) + 365 * dayMs,
      value: { connection: id, fingerprint, days },
    },
    effects,
  );
  if (!isFirst) return;
  context.wakeRelay();
  const details = { event: 'certificate.ends', organization: organizationId, connection: id, ...after };
  context.gate.logger.warn(details, 'a certificate of a SAML connection ends soon');
}
