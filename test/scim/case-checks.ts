// Reads the sentences of scim-cases.md, "Checks", and holds them against an answer. A sentence nobody wrote code for is an error,
// never silently true: what is only for the reader stands in `plainWords`.

import type { Json, WireAnswer } from './scim-world.ts';

export interface CheckScope {
  readonly answer: WireAnswer;
  /** Earlier answers of this case with a body. */
  readonly earlier: readonly WireAnswer[];
  /** Checks that need more than the answer, by their first word (`seat`, `login`, …) or whole sentence. */
  readonly hooks: Readonly<Record<string, (words: string) => Promise<void> | void>>;
}

/** Advice, and what belongs to parts that are not built yet. */
const plainWords: readonly string[] = [
  '200 preferred',
  '204 preferred',
  '200 with totalResults=0 preferred',
  '501 when unsupported',
  'group memberships kept',
];

/** Throws what does not hold. Placeholders are filled in already. */
export async function checkSentence(sentence: string, scope: CheckScope): Promise<void> {
  const hook = scope.hooks[sentence] ?? scope.hooks[/^(seat|login|sessions):/.exec(sentence)?.[1] ?? ''];
  if (hook !== undefined) return hook(sentence.replace(/^(seat|login|sessions):\s*/, ''));
  if (plainWords.includes(sentence)) return;
  const condition = /^if (\d{3}):?\s+(.*)$/.exec(sentence);
  if (condition !== null) {
    if (scope.answer.status === Number(condition[1])) await checkSentence(condition[2] ?? '', scope);
    return;
  }
  if (sentence.startsWith('header ')) return checkHeader(sentence, scope.answer);
  const length = /^len\((\$.*?)\)(<=|>=|=)(\d+)$/.exec(sentence);
  if (length !== null) {
    const list = readPath(scope.answer.json, length[1] ?? '');
    compare(Array.isArray(list) ? list.length : 0, length[2] ?? '', Number(length[3]), sentence);
    return;
  }
  const range = /^(\d+)<=(\$[^<]+)<=(\d+)$/.exec(sentence);
  if (range !== null) {
    const found: unknown = readPath(scope.answer.json, range[2] ?? '');
    compare(found, '>=', Number(range[1]), sentence);
    return compare(found, '<=', Number(range[3]), sentence);
  }
  if (!sentence.startsWith('$')) throw new Error(`no check is written for: ${sentence}`);
  checkPath(sentence, scope);
}

function checkPath(sentence: string, scope: CheckScope): void {
  const path = /^\$(?:\.[\w$]+|\['[^']+'\]|\[\d+\]|\[\*\]|\[\?[^\]]+\])*/.exec(sentence)?.[0] ?? '$';
  const words = sentence.slice(path.length).trim();
  const value = readPath(scope.answer.json, path);
  const isAbsent = value === undefined || value === null;
  const isEmpty = isAbsent || value === '' || (Array.isArray(value) && value.length === 0);
  const holds = (outcome: boolean) => {
    if (!outcome) throw new Error(`${sentence}: found ${JSON.stringify(value)}`);
  };
  if (words === '' || words === 'present') return holds(path.includes('[*]') ? !isEmpty : !isAbsent);
  if (words === 'absent') return holds(isAbsent);
  if (words === 'not empty') return holds(!isEmpty);
  if (words === 'absent or []' || words === 'absent or empty') return holds(isEmpty);
  if (words === 'is integer') return holds(Number.isInteger(value));
  if (words === 'is array') return holds(Array.isArray(value));
  if (words === 'is boolean') return holds(typeof value === 'boolean');
  if (words === 'unchanged') return holds(sameText(value, readPath(lastWithId(scope), path)));
  const verb = /^(contains|without|is exactly|in|!=|>=|<=|=)\s*(.*)$/.exec(words);
  if (verb === null) throw new Error(`no check is written for: ${sentence}`);
  const [, how = '', rest = ''] = verb;
  const written = rest.replace(/ \((JSON )?boolean\)$/, '');
  if (how === 'contains') return holds(elements(value).includes(written));
  if (how === 'without') return holds(!elements(value).includes(written));
  if (how === 'is exactly') return holds(sameText(elements(value).toSorted(), written.split(',').toSorted()));
  if (how === 'in') return holds(written.split('|').includes(String(value)));
  if (how === '>=' || how === '<=') return compare(value, how, Number(written), sentence);
  if (how === '!=') return holds(!isAbsent && !sameText(value, readValue(written)));
  if (rest !== written) holds(typeof value === 'boolean');
  const counted = /^len\((\$.*)\)$/.exec(written)?.[1];
  if (counted !== undefined) return holds(value === (readPath(scope.answer.json, counted) ?? []).length);
  const other = written.startsWith('$.') ? readPath(scope.answer.json, written) : readValue(written);
  holds(Array.isArray(value) && Array.isArray(other) ? sameElements(value, other) : sameText(value, other));
}

function checkHeader(sentence: string, answer: WireAnswer): void {
  const parts = /^header ([\w-]+) (present|starts|contains|matches|!=|=)\s*(.*)$/.exec(sentence);
  if (parts === null) throw new Error(`no check is written for: ${sentence}`);
  const [, name = '', how = '', rest = ''] = parts;
  const header = answer.headers[name.toLowerCase()];
  const text = typeof header === 'string' ? header : undefined;
  const wanted = rest.startsWith('$.') ? String(readPath(answer.json, rest)) : rest;
  const outcome =
    text !== undefined &&
    (how === 'present' ||
      (how === 'starts' && text.startsWith(wanted)) ||
      (how === 'contains' && text.includes(wanted)) ||
      (how === 'matches' && new RegExp(wanted).test(text)) ||
      (how === '=' && text === wanted) ||
      (how === '!=' && text !== wanted));
  if (!outcome) throw new Error(`${sentence}: found ${String(text)}`);
}

/** `$.a.b`, `$['urn'].c`, `[0]`, `[*]`, `[?type=work]`. After `[*]` or a filter of several: a list; of one: its value. */
export function readPath(root: unknown, path: string): Json {
  let values: unknown[] = [root];
  let isList = false;
  for (const [step] of path.slice(1).matchAll(/\.[\w$]+|\['[^']+'\]|\[\d+\]|\[\*\]|\[\?[^\]]+\]/g)) {
    if (step === '[*]') {
      values = values.flatMap((value) => (Array.isArray(value) ? value : []));
      isList = true;
    } else if (step.startsWith('[?')) {
      const [name = '', wanted = ''] = step.slice(2, -1).split('=');
      values = values.flatMap((value) => (Array.isArray(value) ? value : [])).filter((one) => one?.[name] === wanted);
    } else {
      const key = step.startsWith("['") ? step.slice(2, -2) : step.replace(/^[.[]|\]$/g, '');
      values = values.map((value) => (value as Json)?.[key]).filter((value) => value !== undefined);
    }
  }
  return isList ? values : values[0];
}

/** `"text"`, `42`, `true`, `[a,b]`, `{k:v}`; anything else is text. */
function readValue(written: string): unknown {
  const list = /^\[(.*)\]$/.exec(written);
  if (list !== null) return splitTop(list[1] ?? '').map(readValue);
  const members = /^\{(.*)\}$/.exec(written);
  if (members !== null) {
    return Object.fromEntries(
      splitTop(members[1] ?? '').map((member) => {
        const colon = member.indexOf(':');
        return [member.slice(0, colon), readValue(member.slice(colon + 1))];
      }),
    );
  }
  if (/^".*"$/.test(written)) return written.slice(1, -1);
  if (/^(true|false|null|-?\d+)$/.test(written)) return JSON.parse(written);
  return written;
}

function splitTop(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (const character of text) {
    if (character === '{' || character === '[') depth += 1;
    if (character === '}' || character === ']') depth -= 1;
    if (character === ',' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

function elements(value: unknown): string[] {
  return (Array.isArray(value) ? value : []).map((one) => String(one?.value ?? one));
}

function lastWithId(scope: CheckScope): unknown {
  return scope.earlier.findLast((one) => one.json?.id === scope.answer.json?.id)?.json;
}

function sameElements(left: readonly unknown[], right: readonly unknown[]): boolean {
  return sameText(left.map(stable).toSorted(), right.map(stable).toSorted());
}

function sameText(left: unknown, right: unknown): boolean {
  return stable(left) === stable(right);
}

function stable(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(stable).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'undefined';
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([key, member]) => `${key}:${stable(member)}`).join()}}`;
}

function compare(found: unknown, how: string, wanted: number, sentence: string): void {
  const holds =
    typeof found === 'number' && (how === '<=' ? found <= wanted : how === '>=' ? found >= wanted : found === wanted);
  if (!holds) throw new Error(`${sentence}: found ${String(found)}`);
}
