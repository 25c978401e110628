// Reads untrusted XML into a small element tree in one linear pass and refuses whatever SAML never needs: DOCTYPE,
// processing instructions, comments, CDATA, entities, duplicate attributes, too many of anything (gate.md 2.2 step 4).
// It knows nothing of SAML; what the elements must be is the callers' business.

import { createBreath, waitForTurn } from '#breath.ts';
import sax from 'sax';

export interface XmlElement {
  readonly namespace: string;
  readonly local: string;
  /** By local name; `{namespace}local` for a prefixed attribute. Namespace declarations are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: readonly XmlElement[];
  /** The text directly inside, all pieces together. */
  readonly text: string;
  readonly parent: XmlElement | undefined;
}

export interface XmlLimits {
  readonly maxElements: number;
  readonly maxDepth: number;
  readonly maxAttributes: number;
}

/** `malformed`: no XML document in UTF-8. `forbidden`: XML, but with markup or sizes we never accept. */
export class XmlRefusal extends Error {
  readonly fault: 'malformed' | 'forbidden';

  constructor(fault: 'malformed' | 'forbidden', detail: string) {
    super(detail);
    this.name = 'XmlRefusal';
    this.fault = fault;
  }
}

interface GrowingElement extends XmlElement {
  readonly attributes: Map<string, string>;
  readonly children: GrowingElement[];
  readonly parent: GrowingElement | undefined;
  text: string;
}

const declaration =
  /^<\?xml\s+version=(?:"1\.0"|'1\.0')(?:\s+encoding=(?:"([\w.-]+)"|'([\w.-]+)'))?(?:\s+standalone=(?:"(?:yes|no)"|'(?:yes|no)'))?\s*\?>/;
// oxlint-disable-next-line no-control-regex -- these are exactly the characters XML 1.0 forbids
const forbiddenCharacter = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF\uFEFF]/;
const unknownReference = /&(?!(?:amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});)/;
/** Each reference costs the parser some microseconds; a genuine response has a handful. */
const maxReferences = 4096;
/**
 * Canonicalisation may write a namespace out at every element that uses it, so a long one, or many different ones, would multiply (gate.md
 * 2.2). The same one declared again and again only costs what it takes to write it: Okta's responses do so at every attribute value.
 */
const maxNamespaceLength = 256;
const maxNamespaces = 100;
const prefixPattern = /^[A-Za-z_][\w.-]*$/;

/** Characters given to the parser at a time. */
const piece = 4096;
/** Shared by whatever walks a document, so that a flood of them keeps the event loop no longer than one. */
export const xmlBreath = createBreath(8);

/** One document at a time, in the order they came: a thousand half-built trees would fill the memory. */
let lastParsed: Promise<unknown> = Promise.resolve();

/**
 * The document element of `source` with everything below it. Resolves after as many turns of the event loop as the document is long.
 * @throws XmlRefusal, as soon as the first forbidden thing is met
 */
export function parseXml(source: string, limits: XmlLimits): Promise<XmlElement> {
  const parsed = lastParsed.then(() => buildTree(source, limits));
  lastParsed = parsed.catch(() => undefined);
  return parsed;
}

async function buildTree(source: string, limits: XmlLimits): Promise<XmlElement> {
  await waitForTurn(xmlBreath);
  const text = source.slice(declarationLength(source));
  assertPlainMarkup(text, limits.maxAttributes);
  let root: GrowingElement | undefined;
  let open: GrowingElement | undefined;
  let elements = 0;
  let depth = 0;
  const namespaces = new Set<string>();
  let attributes: sax.QualifiedAttribute[] = [];

  const parser = sax.parser(true, { xmlns: true });
  parser.onerror = (error) => {
    throw new XmlRefusal('malformed', error.message.split('\n')[0] ?? 'not well-formed');
  };
  parser.onopentagstart = () => {
    attributes = [];
  };
  parser.onattribute = (attribute) => {
    const { name, value } = attribute;
    if (name === 'xmlns' || name.startsWith('xmlns:')) {
      namespaces.add(`${name}=${value}`);
      if (namespaces.size > maxNamespaces) throw new XmlRefusal('forbidden', 'too many namespaces');
      if (value.length > maxNamespaceLength) throw new XmlRefusal('forbidden', 'a namespace that is too long');
    }
    attributes.push(attribute as sax.QualifiedAttribute);
  };
  parser.onopentag = (tag) => {
    elements += 1;
    depth += 1;
    if (elements > limits.maxElements) throw new XmlRefusal('forbidden', 'too many elements');
    if (depth > limits.maxDepth) throw new XmlRefusal('forbidden', 'nested too deeply');
    if (open === undefined && root !== undefined) throw new XmlRefusal('malformed', 'a second root element');
    const { prefix, local, uri } = tag as sax.QualifiedTag;
    assertPrefix(prefix);
    const element: GrowingElement = {
      namespace: uri,
      local,
      attributes: collectAttributes(attributes),
      children: [],
      text: '',
      parent: open,
    };
    open?.children.push(element);
    root ??= element;
    open = element;
  };
  parser.onclosetag = () => {
    depth -= 1;
    open = open?.parent;
  };
  parser.ontext = (piece) => {
    if (open !== undefined) open.text += piece;
  };
  const refuseMarkup = (): never => {
    throw new XmlRefusal('forbidden', 'markup other than elements and text');
  };
  parser.ondoctype = refuseMarkup;
  parser.onsgmldeclaration = refuseMarkup;
  parser.onprocessinginstruction = refuseMarkup;
  parser.oncomment = refuseMarkup;
  parser.onopencdata = refuseMarkup;

  for (let at = 0; at < text.length; at += piece) {
    parser.write(text.slice(at, at + piece));
    await waitForTurn(xmlBreath);
  }
  parser.close();
  if (root === undefined) throw new XmlRefusal('malformed', 'no root element');
  return root;
}

function declarationLength(source: string): number {
  if (!source.startsWith('<?xml')) return 0;
  const found = declaration.exec(source);
  if (found === null) throw new XmlRefusal('malformed', 'XML declaration');
  const encoding = found[1] ?? found[2] ?? 'UTF-8';
  // The bytes were read as UTF-8; a label that says otherwise would let two readers see two documents.
  if (encoding.toUpperCase() !== 'UTF-8') throw new XmlRefusal('malformed', 'an encoding other than UTF-8');
  return found[0].length;
}

/**
 * Looks at the raw text before the parser does. The parser keeps attributes in a list it searches for every new one,
 * so their number must be known to be small first; it also lets `<` in a value and HTML-style `&LT;` pass.
 */
function assertPlainMarkup(text: string, maxAttributes: number): void {
  if (forbiddenCharacter.test(text)) throw new XmlRefusal('malformed', 'a character XML forbids');
  if (unknownReference.test(text)) throw new XmlRefusal('forbidden', 'an entity other than the predefined five');
  if (text.split('&', maxReferences + 2).length > maxReferences + 1) {
    throw new XmlRefusal('forbidden', 'too many references');
  }
  let at = text.indexOf('<');
  while (at !== -1) {
    const next = text[at + 1];
    if (next === '!') throw new XmlRefusal('forbidden', 'a comment, CDATA section or DOCTYPE');
    if (next === '?') throw new XmlRefusal('forbidden', 'a processing instruction');
    at = text.indexOf('<', endOfTag(text, at + 1, maxAttributes));
  }
}

const doubleQuote = 0x22;
const singleQuote = 0x27;
const lessThan = 0x3c;
const greaterThan = 0x3e;

function endOfTag(text: string, from: number, maxAttributes: number): number {
  let quote = 0;
  let values = 0;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === lessThan) throw new XmlRefusal('malformed', '"<" inside a tag');
    if (quote !== 0) {
      if (code === quote) quote = 0;
    } else if (code === doubleQuote || code === singleQuote) {
      quote = code;
      values += 1;
      if (values > maxAttributes) throw new XmlRefusal('forbidden', 'too many attributes');
    } else if (code === greaterThan) {
      return at + 1;
    }
  }
  throw new XmlRefusal('malformed', 'a tag without an end');
}

function collectAttributes(attributes: readonly sax.QualifiedAttribute[]): Map<string, string> {
  const names = new Set<string>();
  const collected = new Map<string, string>();
  for (const { name, prefix, local, uri, value } of attributes) {
    assertPrefix(prefix);
    const key = prefix === '' ? local : `{${uri}}${local}`;
    if (names.has(name) || collected.has(key)) throw new XmlRefusal('malformed', 'an attribute twice');
    names.add(name);
    if (prefix === 'xmlns') assertPrefix(local);
    else if (name !== 'xmlns') collected.set(key, value);
  }
  return collected;
}

/** The parser looks prefixes up in plain objects, where `constructor` and its like would seem to be declared. */
function assertPrefix(prefix: string): void {
  if (prefix === '') return;
  if (!prefixPattern.test(prefix) || prefix === '__proto__' || Object.hasOwn(Object.prototype, prefix)) {
    throw new XmlRefusal('malformed', 'a namespace prefix');
  }
}
