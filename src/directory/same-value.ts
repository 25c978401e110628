// When two values of the directory are the same: as JSON would write them, whatever the order of their keys. What is undefined is not there.

export function isSame(left: unknown, right: unknown): boolean {
  if (left === right) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) && left.length === right.length && left.every((item, index) => isSame(item, right[index]))
    );
  }
  return !Array.isArray(right) && hasSameMembers(left as Members, right as Members);
}

type Members = Readonly<Record<string, unknown>>;

function hasSameMembers(left: Members, right: Members): boolean {
  const names = namesOf(left);
  return (
    names.length === namesOf(right).length &&
    names.every((name) => Object.hasOwn(right, name) && isSame(left[name], right[name]))
  );
}

function namesOf(members: Members): readonly string[] {
  return Object.keys(members).filter((name) => members[name] !== undefined);
}
