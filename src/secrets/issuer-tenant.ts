// Issuers that name a tenant in their address, as Entra's do: all tenants share the signing keys, so a token that names another one is not for us.

const tenantSegment = /\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})(?:\/|$)/i;

/** Whether a token's `tid`, if there is one, is the tenant that `issuer` names, if it names one. */
export function isOfTenant(issuer: string, tid: unknown): boolean {
  const tenant = tenantSegment.exec(new URL(issuer).pathname)?.[1];
  if (tenant === undefined || tid === undefined) return true;
  return typeof tid === 'string' && tid.toLowerCase() === tenant.toLowerCase();
}
