// Whom a command means: a person by id, login name or e-mail address.

import { DirectoryError } from '#directory/directory-error.ts';
import type { House } from '../server.ts';
import { runOperation } from './command-run.ts';

/** What `<user>` may be, for the help of a command. */
export const userNaming = 'id, login name or e-mail address';

/** The id of the one person meant. Throws `userNotFound`, also when several have the address. */
export async function findUser(house: House, organization: string, name: string): Promise<string> {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(name)) return name.toLowerCase();
  for (const query of [{ userName: name }, { email: name }]) {
    const { items } = await runOperation(house, { operation: 'users.list', organization, query });
    const [first, ...others] = items as readonly { id: string }[];
    if (first === undefined) continue;
    if (others.length === 0) return first.id;
    throw new DirectoryError('userNotFound', `Several people have ${name}; give the id.`);
  }
  throw new DirectoryError('userNotFound', `There is no user ${name}.`);
}
