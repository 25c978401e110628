// A house whose connection `bamboo` fetches by itself, with people who have employee numbers.

import type { User } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';
import { acme, openAdminHouse, type AdminHouse } from '../admin/admin-house.ts';

export const connections = `/organizations/${acme}/connections`;
export const pulling = {
  kind: 'bamboohr',
  subdomain: 'acme',
  apiKey: 'planted-api-key',
  timeOff: { types: { Parental: 'parental' }, minDays: 30 },
};

export interface PullHouse extends AdminHouse {
  hire(employeeNumber: string): Promise<User>;
  user(user: User): Promise<User>;
  /** Runs now; answers the body. */
  pull(query?: string): Promise<Record<string, any>>; // oxlint-disable-line no-explicit-any
  state(): Promise<Record<string, any>>; // oxlint-disable-line no-explicit-any
}

export async function openPullHouse(storage: Storage, parts: object = { pull: pulling }): Promise<PullHouse> {
  const house = await openAdminHouse(storage, null);
  house.clock.now = Date.parse('2027-01-15T03:00:00Z');
  const made = await house.call('post', connections, { id: 'bamboo', name: 'Bamboo', kind: 'hr', ...parts });
  if (made.status !== 201) throw new Error(JSON.stringify(made.body));
  const read = async (answer: ReturnType<AdminHouse['call']>) => {
    const { status, body } = await answer;
    if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
    return body as Record<string, any>; // oxlint-disable-line no-explicit-any
  };
  return {
    ...house,
    async hire(employeeNumber) {
      const request = {
        profile: { userName: `user${employeeNumber}`, enterprise: { employeeNumber } },
        active: true,
        restore: false,
      };
      const by = { actor: { kind: 'administrator', name: 'test' }, mouth: 'adminApi' } as const;
      return (await house.context.provisioning.provisionUser(acme, request, by)).user;
    },
    async user({ id }) {
      const user = await storage.users.get(acme, id);
      if (user === null) throw new Error('no such user');
      return user;
    },
    pull: (query = '') => read(house.call('post', `${connections}/bamboo/pull${query}`)),
    state: () => read(house.call('get', `${connections}/bamboo/pull`)),
  };
}
