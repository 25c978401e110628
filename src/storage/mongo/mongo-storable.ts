// Plain values as documents and back. MongoDB gives meaning to `$`, `.` and `_bsontype` in the keys of a document; a key that looks
// like that (a claim named by a URL, an attribute named by a hostile client) is stored under another spelling and read back as it was.

const escape = '~';
const needsEscape = /^(?:~|\$|_bsontype$|__proto__$)|[.]/;

/** A copy whose keys mean nothing to MongoDB. Members that are undefined are left out. */
export function toStorable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toStorable);
  if (typeof value !== 'object' || value === null) return value;
  const stored: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    if (member !== undefined)
      stored[needsEscape.test(key) ? escape + encodeURIComponent(key).replaceAll('.', '%2E') : key] =
        toStorable(member);
  }
  return stored;
}

/** The value `toStorable` was given. A `__proto__` among its keys stays an ordinary member. */
export function fromStorable(stored: unknown): unknown {
  if (Array.isArray(stored)) return stored.map(fromStorable);
  if (typeof stored !== 'object' || stored === null) return stored;
  const value: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(stored)) {
    const name = key.startsWith(escape) ? decodeURIComponent(key.slice(1)) : key;
    Object.defineProperty(value, name, {
      value: fromStorable(member),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return value;
}

/** An id as the key of a map inside a document. Ours hold letters, digits and dashes; anything else is a mistake in this program. */
export function asMapKey(id: string): string {
  if (!/^[\w-]+$/.test(id)) throw new Error('an id with characters that cannot be the key of a map');
  return id;
}
