// A store whose commits say what the user was before, as the write side says it, wherever this store has stored it.

import type { User } from '#directory/user.ts';
import type { OpenStorage } from './contract-world.ts';

/** The contract of a commit is the same, told or not. */
export function toldBefore(open: OpenStorage): OpenStorage {
  return async () => {
    const storage = await open();
    const stored = new Map<string, User>();
    const nameOf = ({ organizationId, id }: User, revision: number | null): string =>
      `${organizationId} ${id} ${revision}`;
    return {
      ...storage,
      users: {
        ...storage.users,
        async commit(commit) {
          const before = stored.get(nameOf(commit.user, commit.expectedRevision));
          const outcome = await storage.users.commit(before === undefined ? commit : { ...commit, before });
          if (outcome.kind === 'committed') stored.set(nameOf(outcome.user, outcome.user.revision), outcome.user);
          return outcome;
        },
      },
    };
  };
}
