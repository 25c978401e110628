// What the audit trail says about a change of a group: attributes one by one, and who came and went. Membership is access, so it is important.

import { describeActor } from './actor.ts';
import type { AuditEvent } from './effect.ts';
import { differingAttributes, type ChangeContext, type Comparable } from './effects-between.ts';
import type { Group, GroupMember } from './group.ts';

/** How many members are named; the number is always complete. */
const mostNamed = 200;

/** The audit entry of one committed change. `before` null: the group is new. */
export function groupEvent(
  before: Group | null,
  after: Group,
  members: { readonly add: readonly GroupMember[]; readonly remove: readonly string[] },
  by: ChangeContext,
  change: string,
): AuditEvent {
  const difference = differingAttributes(before?.profile ?? {}, after.profile);
  const came = members.add.map((member) => member.id);
  return {
    action: before === null ? 'group.created' : after.deletedAt === undefined ? 'group.updated' : 'group.deleted',
    level: 'important',
    actor: describeActor(by.actor),
    mouth: by.mouth,
    target: { kind: 'group', id: after.id, name: after.profile.displayName },
    ...(before === null ? {} : { before: { ...difference?.before, ...named('membersRemoved', members.remove) } }),
    after: { ...difference?.after, ...named('membersAdded', came) },
    ...(by.reason === undefined ? {} : { reason: by.reason }),
    ...(by.requestId === undefined ? {} : { requestId: by.requestId }),
    change,
  };
}

function named(name: string, ids: readonly string[]): Comparable {
  if (ids.length === 0) return {};
  return { [name]: ids.slice(0, mostNamed), ...(ids.length > mostNamed ? { [`${name}InAll`]: ids.length } : {}) };
}
