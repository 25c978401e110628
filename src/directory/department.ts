// A department: a node of the organisation's tree. The tree is a forest of any number of top departments, at most `deepestLevel` levels deep.
// Pure; the write side is provisioning/change-department.ts. Access comes from groups, never from departments.

import { DirectoryError } from './directory-error.ts';
import { foldCase, type ConnectionId, type DepartmentId, type Instant, type OrganizationId } from './identifiers.ts';

/** A top department stands on level 1. */
export const deepestLevel = 32;

/** Characters of a name, a code. */
export const longestName = 200;

export interface DepartmentProfile {
  /** Need not be unique. */
  readonly name: string;
  /** Unique in the organisation, letter case ignored. */
  readonly code?: string;
  /** Left out: a top department. */
  readonly parent?: DepartmentId;
  /** Place among its siblings, ascending; those without one come last. */
  readonly displayOrder?: number;
  readonly externalId?: string;
}

export interface Department {
  readonly id: DepartmentId;
  readonly organizationId: OrganizationId;
  readonly profile: DepartmentProfile;
  /** Levels below it: 0 has no children. Kept with every change, so that a move needs to read no subtree. */
  readonly height: number;
  /** The number of the change of the tree that wrote it last; a change that is carried out late finds a higher one and does nothing. */
  readonly change: number;
  readonly createdAt: Instant;
  readonly modifiedAt: Instant;
  readonly lastWrittenBy?: ConnectionId;
  /** Gone for every reader; kept a while so that no change that is late brings it back. */
  readonly deletedAt?: Instant;
}

/** The form in which names and codes are compared: composed, trimmed, without letter case. */
export function departmentLabel(text: string): string {
  return foldCase(text.normalize('NFC').trim());
}

/** Throws `DirectoryError` `invalidValue` naming the field. */
export function assertDepartmentProfile({ name, code, displayOrder }: DepartmentProfile): void {
  assertText(name, 'name');
  if (code !== undefined) assertText(code, 'code');
  if (displayOrder !== undefined && !Number.isSafeInteger(displayOrder))
    throw new DirectoryError('invalidValue', 'displayOrder must be a whole number.', { field: 'displayOrder' });
}

function assertText(text: string, field: 'name' | 'code'): void {
  if (departmentLabel(text) === '')
    throw new DirectoryError('invalidValue', `The ${field} of a department must not be blank.`, { field });
  if (text.length > longestName)
    throw new DirectoryError(
      'invalidValue',
      `The ${field} of a department may have at most ${longestName} characters.`,
      { field },
    );
}

/**
 * Whether a department with what is below it may stand at the end of this chain: the wanted parent first, then its parent, up to the top;
 * empty for a top department. Throws `DirectoryError` `departmentCycle`, `departmentTooDeep`.
 */
export function assertPlace(
  { id, height }: Pick<Department, 'id' | 'height'>,
  chain: readonly Pick<Department, 'id'>[],
): void {
  if (chain.some((ancestor) => ancestor.id === id))
    throw new DirectoryError('departmentCycle', 'A department cannot stand below itself.', { field: 'parent' });
  const levels = chain.length + 1 + height;
  if (levels > deepestLevel)
    throw new DirectoryError(
      'departmentTooDeep',
      `Departments can be ${deepestLevel} levels deep, and this would be level ${levels}.`,
      { field: 'parent', deepestLevel },
    );
}
