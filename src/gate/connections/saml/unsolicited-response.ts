// An answer nobody asked for (SAML profiles 4.1.5), as a hint that a person at this identity provider wants to come in. It proves nothing and opens
// nothing: where the connection allows it, a sign-in of our own is begun instead (gate.md 2.1 "IdP-initiated", S22).

import { readSamlForm, type SamlFormRequest } from './form-body.ts';
import { preScan } from './pre-scan.ts';
import { childrenCalled } from './saml-names.ts';
import { SamlRefusal } from './saml-refusal.ts';

/**
 * What the hint says: where the person wants to go, unchecked. Null for what is no such hint: an answer to a request, whoever's, must not begin
 * another one, or a browser without cookies would go in circles.
 */
export async function readUnsolicited(
  request: SamlFormRequest,
  entityId: string,
): Promise<{ readonly relayState: string | undefined } | null> {
  try {
    const { samlResponse, relayState } = readSamlForm(request);
    const { root } = await preScan(samlResponse);
    const [issuer] = childrenCalled(root, 'saml:Issuer');
    return issuer?.text === entityId && !root.attributes.has('InResponseTo') ? { relayState } : null;
  } catch (error) {
    if (error instanceof SamlRefusal) return null;
    throw error;
  }
}
