// JSON in the one form that can be hashed: RFC 8785 (sorted names, no blanks, numbers and strings as ECMAScript writes them).

/** The canonical text. Object members that are undefined are left out. Throws TypeError for numbers JSON cannot hold. */
export function toCanonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no NaN and no Infinity');
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  // RFC 8785 3.2.3 sorts by UTF-16 code units, which is what `<` on strings compares.
  members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${toCanonicalJson(member)}`).join(',')}}`;
}
