// The body of an app's question: known members with text in them, and nothing else (gate.md 9, "unknown key 400").

export interface Question {
  /** The value of the app's own cookie. */
  readonly cookie?: string;
  /** As in an origin; left out: any of the app's. */
  readonly host?: string;
  /** Path and query that the browser asked for. */
  readonly uri?: string;
  readonly code?: string;
  /** SHA-256 of the tokens that mark the browser, hex. */
  readonly states?: readonly string[];
}

const texts = ['cookie', 'host', 'uri', 'code'] as const;
const longest = 16_384;

/** The question, or what is wrong with it. */
export function readQuestion(body: unknown): Question | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return 'The body must be a JSON object.';
  const members = new Map(Object.entries(body));
  for (const [name, value] of members) {
    if (name === 'states') {
      if (!isStates(value)) return '`states` must be up to ten SHA-256 values in lower-case hex.';
    } else if (!texts.some((known) => known === name)) return `\`${name.slice(0, 40)}\` is not known here.`;
    else if (typeof value !== 'string' || value.length > longest) return `\`${name}\` must be text.`;
  }
  return Object.fromEntries(members) as Question;
}

function isStates(value: unknown): value is readonly string[] {
  return (
    Array.isArray(value) &&
    value.length <= 10 &&
    value.every((one) => typeof one === 'string' && /^[0-9a-f]{64}$/.test(one))
  );
}
