// What the audit trail says about a change of a department: attributes one by one, as they were and as they are.

import { describeActor } from './actor.ts';
import type { Department } from './department.ts';
import type { AuditEvent } from './effect.ts';
import { differingAttributes, type ChangeContext } from './effects-between.ts';

/** The audit entry of one committed change. `before` null: the department is new. */
export function departmentEvent(
  before: Department | null,
  after: Department,
  by: ChangeContext,
  change: string,
): AuditEvent {
  const isDeleted = after.deletedAt !== undefined;
  const difference = differingAttributes({ ...before?.profile }, isDeleted ? {} : { ...after.profile });
  return {
    action: isDeleted ? 'department.deleted' : before === null ? 'department.created' : 'department.updated',
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'department', id: after.id, name: after.profile.name },
    ...(before === null ? {} : { before: difference?.before ?? {} }),
    ...(isDeleted ? {} : { after: difference?.after ?? {} }),
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
    ...(by.job === undefined ? {} : { job: by.job }),
  };
}
