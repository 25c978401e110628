// Owns cutting a filter or path into words, JSON strings and brackets in one linear pass (RFC 7644 §3.4.2.2;
// strings are JSON strings, RFC 8259 §7). What the tokens mean together is filter-tree.ts's business.

/** `text` is the word as written, or the string's value. `start` is its place in the input. */
export interface FilterToken {
  readonly kind: 'word' | 'string' | '(' | ')' | '[' | ']';
  readonly text: string;
  readonly start: number;
  readonly spaceBefore: boolean;
}

const WORD = /[^\s()[\]"]+/y;
const BLANK = /[ \t\r\n]+/y;
/** A lone surrogate is no character: no store could give it back as it came. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** True if the text has a NUL or half a character, which no store keeps faithfully. */
export function hasUnstorableCharacter(text: string): boolean {
  return text.includes('\u0000') || LONE_SURROGATE.test(text);
}

/** Cuts the text; `refuse` is called with the problem and must throw. */
export function tokenizeFilter(text: string, refuse: (problem: string) => never): FilterToken[] {
  const tokens: FilterToken[] = [];
  let index = 0;
  let spaceBefore = true;
  while (index < text.length) {
    const blank = matchAt(BLANK, text, index);
    if (blank > 0) {
      index += blank;
      spaceBefore = true;
      continue;
    }
    const token = readToken(text, index, spaceBefore, refuse);
    const previous = tokens.at(-1);
    if (!spaceBefore && previous !== undefined && isOperand(previous) && isOperand(token)) {
      refuse(`needs a blank at position ${index + 1}`);
    }
    tokens.push(token);
    index = token.kind === 'string' ? endOfString(text, index) + 1 : index + token.text.length;
    spaceBefore = false;
  }
  return tokens;
}

function readToken(text: string, start: number, spaceBefore: boolean, refuse: (problem: string) => never): FilterToken {
  const character = text.charAt(start);
  if (character === '(' || character === ')' || character === '[' || character === ']') {
    return { kind: character, text: character, start, spaceBefore };
  }
  if (character === '"') return { kind: 'string', text: readString(text, start, refuse), start, spaceBefore };
  const length = matchAt(WORD, text, start);
  if (length === 0) refuse(`has an unexpected character at position ${start + 1}`);
  return { kind: 'word', text: text.slice(start, start + length), start, spaceBefore };
}

function readString(text: string, start: number, refuse: (problem: string) => never): string {
  const end = endOfString(text, start);
  if (end === -1) refuse('has a string without an end');
  let value: unknown;
  try {
    value = JSON.parse(text.slice(start, end + 1));
  } catch {
    refuse(`has a string that is no JSON string at position ${start + 1}`);
  }
  if (typeof value !== 'string' || hasUnstorableCharacter(value)) {
    return refuse(`has a string with a forbidden character at position ${start + 1}`);
  }
  return value;
}

/** The index of the closing quote, or -1. */
function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') return index;
  }
  return -1;
}

function isOperand(token: FilterToken): boolean {
  return token.kind === 'word' || token.kind === 'string';
}

function matchAt(pattern: RegExp, text: string, index: number): number {
  pattern.lastIndex = index;
  return pattern.exec(text)?.[0].length ?? 0;
}
