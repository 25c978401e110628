import { assertDepartmentProfile, assertPlace, deepestLevel, departmentLabel } from '#directory/department.ts';
import type { DepartmentId } from '#directory/identifiers.ts';

const chainOf = (length: number) => Array.from({ length }, (_, n) => ({ id: `d${n}` as DepartmentId }));
const node = (height: number, id = 'x') => ({ id: id as DepartmentId, height });

describe('where a department may stand', () => {
  test('down to the deepest level, counting what is below it', () => {
    expect(() => assertPlace(node(0), chainOf(deepestLevel - 1))).not.toThrow();
    expect(() => assertPlace(node(5), chainOf(deepestLevel - 6))).not.toThrow();
    expect(() => assertPlace(node(deepestLevel - 1), [])).not.toThrow();
  });

  test.each([
    ['itself one level too deep', node(0), deepestLevel],
    ['its lowest child one level too deep', node(5), deepestLevel - 5],
    ['higher than any tree', node(deepestLevel), 0],
  ])('%s is refused', (_name, department, above) => {
    expect(() => assertPlace(department, chainOf(above))).toThrow(
      expect.objectContaining({ code: 'departmentTooDeep' }) as Error,
    );
  });

  test.each([0, 1, 4])('below itself is refused, %i levels away', (levels) => {
    const chain = [...chainOf(levels), { id: 'x' as DepartmentId }, ...chainOf(2)];
    expect(() => assertPlace(node(0), chain)).toThrow(expect.objectContaining({ code: 'departmentCycle' }) as Error);
  });
});

describe('names and codes', () => {
  test.each([
    ['letter case', 'Sales', 'SALES'],
    ['blanks around', ' Sales\t', 'sales'],
    ['composition', 'か\u3099っこう', 'がっこう'],
  ])('%s does not tell two apart', (_name, one, other) => {
    expect(departmentLabel(one)).toBe(departmentLabel(other));
  });

  test('width and script do tell them apart', () => {
    expect(departmentLabel('営業1')).not.toBe(departmentLabel('営業１'));
    expect(departmentLabel('えいぎょう')).not.toBe(departmentLabel('エイギョウ'));
  });

  test.each([
    ['a blank name', { name: ' \u3000' }, 'name'],
    ['a long name', { name: 'n'.repeat(201) }, 'name'],
    ['a blank code', { name: 'Sales', code: ' ' }, 'code'],
    ['a long code', { name: 'Sales', code: 'c'.repeat(201) }, 'code'],
    ['half an order', { name: 'Sales', displayOrder: 1.5 }, 'displayOrder'],
  ])('%s is refused', (_name, profile, field) => {
    expect(() => assertDepartmentProfile(profile)).toThrow(
      expect.objectContaining({ code: 'invalidValue', details: { field } }) as Error,
    );
  });
});
