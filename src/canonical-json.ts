// JSON in the one form that can be compared and hashed: RFC 8785 (sorted names, no blanks, numbers and strings as ECMAScript writes them).

/** What stands between quotes as it is. */
const plainName = /^[\w:.$ -]*$/;

/** The canonical text: equal values, equal texts. Object members that are undefined are left out. Throws TypeError for numbers JSON cannot hold. */
export function toCanonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value)) throw new TypeError('JSON has no NaN and no Infinity');
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(toCanonicalJson).join(',')}]`;
  let text = '';
  // RFC 8785 3.2.3 sorts by UTF-16 code units, as Array.sort does.
  for (const name of Object.keys(value).sort()) {
    const member = (value as Readonly<Record<string, unknown>>)[name];
    if (member === undefined) continue;
    text += `${text === '' ? '{' : ','}${plainName.test(name) ? `"${name}"` : JSON.stringify(name)}:${toCanonicalJson(member)}`;
  }
  return text === '' ? '{}' : `${text}}`;
}
