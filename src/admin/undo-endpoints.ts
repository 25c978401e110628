// Undo of a change of status that an administrator made.

import { defineOperation, paramOf, type Operation } from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import * as contract from './admin-contract.ts';
import { answerStatus } from './user-status.ts';

export const undoOperations: readonly Operation[] = [
  defineOperation({
    id: 'changes.undo',
    method: 'post',
    path: '/organizations/:org/changes/:change/undo',
    summary: 'Take a change of status back, as far as nobody changed that since; sessions that were ended stay ended',
    answer: contract.statusChanged,
    run: async (context, call) => {
      // What was just done is known once its audit entry is written.
      await context.settleEffects();
      const result = await context.provisioning.undoChange(call.organization.id, paramOf(call, 'change'), call.by);
      if (result === null)
        throw new AdminError('entryNotFound', 'There is no such change, or it cannot be taken back any more.');
      return answerStatus(context, result);
    },
  }),
];
