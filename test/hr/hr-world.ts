// A server with an organisation in Tokyo, a clock set by hand, people, and the feed of an HR system.

import type { UserId, OrganizationId } from '#directory/identifiers.ts';
import type { User } from '#directory/user.ts';
import { runLeaves } from '#provisioning/run-leaves.ts';
import { startServer, type Answer, type RunningServer, type StorageKind } from '../harness/running-server.ts';

export interface HrWorld extends RunningServer {
  readonly clock: { now: number };
  readonly credential: { readonly id: string; readonly secret: string; readonly signingSecret: string };
  /** Asks the HR door as the feed, or with these headers instead. */
  hr(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  /** Reports these lines; answers the outcome. */
  report(...lines: readonly object[]): Promise<Answer['body']>;
  hire(userName: string, more?: object): Promise<string>;
  user(id: string): Promise<User>;
  /** The schedule runs at midnight of that day in Tokyo. */
  pass(date: string): Promise<void>;
  /** Another feed's credential. */
  feed(connection: string): Promise<{ readonly authorization: string }>;
}

export const midnight = (date: string): number => Date.parse(`${date}T00:00:00+09:00`);
export const place = '/organizations/acme';
const urn = 'urn:ietf:params:scim:schemas';

export async function openHrWorld(kind: StorageKind): Promise<HrWorld> {
  const clock = { now: midnight('2027-01-15') };
  const server = await startServer(kind, { overrides: { now: () => clock.now } });
  await server.admin('POST', '/organizations', { id: 'acme', name: 'Acme', timeZone: 'Asia/Tokyo', licensed: null });
  const issue = async (body: object): Promise<Answer['body']> => {
    const answer = await server.admin('POST', `${place}/credentials`, { name: 'key', ...body });
    if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  };
  const scim = (await issue({ kind: 'scim' }))['secret'] as string;
  await server.admin('POST', `${place}/connections`, { id: 'bamboo', name: 'Bamboo', kind: 'hr' });
  const issued = await issue({ kind: 'hr', connection: 'bamboo' });
  const credential = {
    id: issued['credential'].id as string,
    secret: issued['secret'] as string,
    signingSecret: issued['signingSecret'] as string,
  };
  const own = { authorization: `Bearer ${credential.secret}`, 'content-type': 'application/json' };
  const hr: HrWorld['hr'] = async (method, path, body, headers = {}) => {
    const text = body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) };
    const response = await fetch(`${server.url}/hr/v1${path}`, { method, ...text, headers: { ...own, ...headers } });
    const answered = await response.text();
    const read = answered === '' ? {} : (JSON.parse(answered) as Answer['body']);
    return { status: response.status, headers: response.headers, body: read };
  };
  return {
    ...server,
    clock,
    credential,
    hr,
    async report(...lines) {
      const { status, body } = await hr('POST', '/status-changes', lines);
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      return body;
    },
    async hire(userName, more = {}) {
      const answer = await server.scim(scim, 'POST', '/Users', {
        schemas: [`${urn}:core:2.0:User`, `${urn}:extension:enterprise:2.0:User`],
        userName,
        emails: [{ value: `${userName}@example.com`, type: 'work', primary: true }],
        ...more,
      });
      if (answer.status !== 201) throw new Error(JSON.stringify(answer.body));
      return answer.body['id'] as string;
    },
    async user(id) {
      const user = await server.house.storage.users.get('acme' as OrganizationId, id as UserId);
      if (user === null) throw new Error('no such user');
      return user;
    },
    async pass(date) {
      clock.now = midnight(date);
      const { storage, now, randomBytes, wakeRelay } = server.house.admin;
      const continueLater = (work: () => Promise<unknown>): void => void work();
      const reportTrouble = (message: string, error: unknown): never => {
        throw new Error(message, { cause: error });
      };
      const context = {
        storage,
        now,
        randomBytes,
        wakeRelay,
        nameKey: new Uint8Array(32),
        continueLater,
        reportTrouble,
      };
      await runLeaves(context);
    },
    async feed(connection) {
      await server.admin('POST', `${place}/connections`, { id: connection, name: connection, kind: 'hr' });
      return { authorization: `Bearer ${(await issue({ kind: 'hr', connection }))['secret']}` };
    },
  };
}
