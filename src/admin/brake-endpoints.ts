// The brake for mass change of a connection: how far it is, and the one call by which somebody decides.

import { DirectoryError } from '#directory/directory-error.ts';
import type { ConnectionId } from '#directory/identifiers.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, paramOf, type Operation } from './admin-operation.ts';
import { toBrakeAnswer } from './brake-answer.ts';
import { readConnection } from './connection-changes.ts';

const usualMinutes = 60;

export const brakeOperations: readonly Operation[] = [
  defineOperation({
    id: 'connections.decideBrake',
    method: 'post',
    path: '/organizations/:org/connections/:id/brake',
    summary: 'Decide about a brake for mass change: let further ones through for a while, or keep refusing them',
    body: contract.brakeOrder,
    answer: contract.brakeDecided,
    run: async (context, call) => {
      const { id, name, provisioning } = await readConnection(
        context,
        call.organization.id,
        paramOf(call, 'id') as ConnectionId,
      );
      const setting = provisioning?.brake;
      if (setting === undefined) throw new DirectoryError('notSupported', 'This connection has no brake.');
      const { body, organization, by } = call;
      const { decision, minutes = usualMinutes, atMost } = body;
      const order = { decision, minutes, ...(atMost === undefined ? {} : { atMost }) };
      const decided = await context.provisioning.decideAboutBrake(organization.id, { id, name }, order, by);
      const known = decided?.state ?? (await context.provisioning.readBrakes(organization.id, [id])).get(id);
      return { body: { brake: toBrakeAnswer(setting, known, context.now()), change: decided?.change ?? null } };
    },
  }),
];
