// The OpenID Providers of the organisations: made when first asked for, kept as long as the organisation's keys stay the same. Apps and people are
// read at each request, so nothing else can grow old here. The library is loaded with the first of them.

import { createHmac } from 'node:crypto';
import type { Organization } from '#directory/organization.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { queueLogout } from '../logout/logout-delivery.ts';
import { createOpenidLimits, type OpenidLimits } from './openid-limits.ts';
import type { OpenidProvider } from './openid-provider.ts';

export interface OpenidProviders {
  /** Throws `StorageError`, `SealError`. */
  readonly of: (organizationId: Organization['id']) => Promise<OpenidProvider>;
  readonly limits: OpenidLimits;
}

interface Kept {
  readonly revision: number;
  readonly provider: OpenidProvider;
}

const mostKept = 200;

export function createOpenidProviders(context: GateContext): OpenidProviders {
  const kept = new Map<OrganizationId, Kept>();
  const limits = createOpenidLimits(context);
  return {
    limits,
    async of(organizationId) {
      const [{ createOpenidProvider }, keys] = await Promise.all([
        import('./openid-provider.ts'),
        context.signingKeys.keysOf(organizationId),
      ]);
      const known = kept.get(organizationId);
      if (known?.revision === keys.revision) return known.provider;
      const settings = {
        organizationId,
        issuer: issuerOf(context, organizationId),
        keys: keys.privateJwks.keys,
        cookieKeys: [cookieKeyOf(context, organizationId)],
      };
      const provider = createOpenidProvider(context, settings, {
        queueLogout: (logout) => queueLogout(context, organizationId, { ...logout, cause: 'signedOut' }),
        noteProven: (client, address) => limits.noteProven(organizationId, client, address),
      });
      if (known === undefined && kept.size >= mostKept) kept.delete(kept.keys().next().value as OrganizationId);
      kept.set(organizationId, { revision: keys.revision, provider });
      return provider;
    },
  };
}

export function issuerOf({ config }: Pick<GateContext, 'config'>, organizationId: OrganizationId): string {
  return `${config.baseUrl}/oidc/${organizationId}`;
}

function cookieKeyOf({ cookieKey }: Pick<GateContext, 'cookieKey'>, organizationId: OrganizationId): string {
  return createHmac('sha256', cookieKey).update(`openid-provider/${organizationId}`).digest('base64url');
}
