// The tree of departments as a stranger would write it down: every parent in a map, every rule by walking all of it.

import { deepestLevel } from '#directory/department.ts';

export interface ModelDepartment {
  readonly parent: string | null;
  readonly code: string | null;
}

export type Refusal = 'departmentCycle' | 'departmentTooDeep' | 'departmentCodeTaken' | 'departmentNotEmpty';

export class DepartmentModel {
  readonly all = new Map<string, ModelDepartment>();

  children(id: string | null): readonly string[] {
    return [...this.all].filter(([, { parent }]) => parent === id).map(([child]) => child);
  }

  height(id: string): number {
    return Math.max(-1, ...this.children(id).map((child) => this.height(child))) + 1;
  }

  above(id: string | null): readonly string[] {
    if (id === null) return [];
    return [id, ...this.above(this.all.get(id)?.parent ?? null)];
  }

  /** What putting `id` (null: a new one) there with this code meets; null: nothing. */
  refusalOf(id: string | null, { parent, code }: ModelDepartment): Refusal | null {
    const moves = id === null || this.all.get(id)?.parent !== parent;
    const taken = code !== null && [...this.all].some(([other, its]) => other !== id && its.code === code);
    if (id !== null && taken) return 'departmentCodeTaken';
    const above = this.above(parent);
    if (id !== null && moves && above.includes(id)) return 'departmentCycle';
    if (moves && above.length + 1 + (id === null ? 0 : this.height(id)) > deepestLevel) return 'departmentTooDeep';
    return taken ? 'departmentCodeTaken' : null;
  }
}
