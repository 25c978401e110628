import { asMapKey, fromStorable, toStorable } from '#storage/mongo/mongo-storable.ts';
import fc from 'fast-check';
import { runs } from '../../harness/test-scale.ts';

const key = fc.oneof(
  fc.string(),
  fc.constantFrom('$where', 'a.b', '.', '_bsontype', '__proto__', '~x', 'urn:x:2.0:User', 'constructor', '~%2E'),
);
const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('any')),
    fc.dictionary(key, tie('any')),
  ),
})).any;

function keysWithin(stored: unknown): string[] {
  if (typeof stored !== 'object' || stored === null) return [];
  if (Array.isArray(stored)) return stored.flatMap(keysWithin);
  return Object.entries(stored).flatMap(([name, member]) => [name, ...keysWithin(member)]);
}

test('whatever its keys are called, a value reads back as it was, and no stored key means anything to MongoDB', () => {
  fc.assert(
    fc.property(value, (original) => {
      const stored = toStorable(original);
      for (const name of keysWithin(stored)) {
        expect(name.startsWith('$') || name.includes('.')).toBe(false);
        expect(['_bsontype', '__proto__']).not.toContain(name);
      }
      expect(JSON.stringify(fromStorable(stored))).toBe(JSON.stringify(original));
    }),
    { numRuns: runs(500, 10_000) },
  );
});

test('a __proto__ member stays a member', () => {
  const read = fromStorable(toStorable(JSON.parse('{"__proto__":{"polluted":true}}'))) as object;
  expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  expect(Object.hasOwn(read, '__proto__')).toBe(true);
});

test('members that are undefined are left out', () => {
  expect(toStorable({ a: undefined, b: [{ c: undefined }] })).toEqual({ b: [{}] });
});

test.each(['a.b', '$inc', '', 'a b'])('%j is refused as the key of a map', (id) => {
  expect(() => asMapKey(id)).toThrow('key of a map');
});
