// Replays the conversations of scim-cases.json over real HTTP (scim-cases.md): encoding, placeholders, saved values, checks, and the hooks
// that look behind the door. What a status list leaves open is narrowed to ours.

import { randomBytes, randomUUID } from 'node:crypto';
import { checkSentence, readPath } from './case-checks.ts';
import type { Json, WireAnswer, WireRequest } from './scim-world.ts';

export interface ScimCase {
  readonly id: string;
  readonly client: string;
  readonly description: string;
  readonly profile?: string;
  readonly requests: readonly WireRequest[];
  readonly expect: readonly {
    readonly status: number | readonly number[];
    readonly checks: readonly string[];
    readonly save?: Readonly<Record<string, string>>;
  }[];
}

/** What the runner asks of the world it runs in. Server-level tests give `login` and `sessions` through the real doors. */
export interface CaseWorld {
  readonly base: string;
  /** `bearer`, `tenantA`, `tenantB`, `readonly`. */
  readonly credentials: Readonly<Record<string, string>>;
  send(request: WireRequest): Promise<WireAnswer>;
  seatsUsed(): Promise<number>;
  activeUsers(): Promise<number>;
  totalUsers(): Promise<number>;
  /** The actions audited of a user, those included that still wait for the relay. */
  auditedActions(userId: string): Promise<readonly string[]>;
  /** Whether this person may come in now. */
  mayComeIn(userId: string): Promise<boolean>;
  /** A mark taken while the person is in; later `isDead` says whether what they had then is worthless. */
  takeSession(userId: string): Promise<{ isDead(): Promise<boolean> }>;
}

/** Where a case allows several, design/scim.md says which status is ours: by case, then by request. */
const ourStatus: Readonly<Record<string, readonly (number | null)[]>> = {
  'okta-15-post-on-inactive-record': [null, null, 201],
  'rfc-17': [null, null, 400],
  'rfc-27': [null, null, 400],
  'rfc-28': [400],
  'rfc-41': [null, 415],
  'rfc-46': [200],
  'rfc-49': [501],
  'rfc-51': [200, 405],
};

/** Runs one case; throws at the first wrong status or check. */
export async function runCase(scimCase: ScimCase, world: CaseWorld): Promise<void> {
  const rand = [...randomBytes(10)].map((byte) => String.fromCharCode(97 + (byte % 26))).join('');
  const values: Record<string, string> = {
    ...world.credentials,
    base: world.base,
    guid: randomUUID(),
    rand,
    'rand|upper': rand.toUpperCase(),
  };
  const earlier: WireAnswer[] = [];
  const seats: number[] = [await world.seatsUsed()];
  const users = await world.totalUsers();
  let session: Awaited<ReturnType<CaseWorld['takeSession']>> | undefined;
  for (const [at, request] of scimCase.requests.entries()) {
    const expected = scimCase.expect[at];
    if (expected === undefined) throw new Error(`${scimCase.id}: request ${at + 1} expects nothing`);
    if (request.method !== 'GET') seats.push(await world.seatsUsed());
    const userId = values['uid'] ?? '';
    if (session === undefined && userId !== '' && (await world.mayComeIn(userId))) {
      session = await world.takeSession(userId);
    }
    const answer = await world.send(toWire(request, values));
    const where = `${scimCase.id}, request ${at + 1} (${request.method} ${request.path})`;
    assertStatus(answer, ourStatus[scimCase.id]?.[at] ?? narrowStatus(request, expected.status), where);
    for (const [name, path] of Object.entries(expected.save ?? {})) {
      const saved: unknown = readPath(answer.json, path);
      if (typeof saved !== 'string') throw new Error(`${where}: nothing to save at ${path}`);
      values[name] = saved;
    }
    const about = values['uid'] ?? (typeof answer.json?.id === 'string' ? answer.json.id : '');
    const hooks = createHooks({ world, seats, users, about, answer, session: () => session });
    for (const sentence of expected.checks) {
      try {
        await checkSentence(fill(sentence, values), { answer, earlier, hooks });
      } catch (error) {
        throw new Error(`${where}: ${(error as Error).message}\n${answer.text}`, { cause: error });
      }
    }
    if (answer.json !== undefined) earlier.push(answer);
  }
}

interface Behind {
  readonly world: CaseWorld;
  /** At the start, then before each write. */
  readonly seats: readonly number[];
  readonly users: number;
  readonly about: string;
  readonly answer: WireAnswer;
  readonly session: () => Awaited<ReturnType<CaseWorld['takeSession']>> | undefined;
}

/** Sentences that need more than the answer. */
function createHooks({ world, seats, users, about, answer, session }: Behind) {
  const hold = (outcome: boolean, words: string) => {
    if (!outcome) throw new Error(words);
  };
  const each = (list: unknown): Json[] => (Array.isArray(list) ? list : []);
  return {
    async seat(words: string) {
      const used = await world.seatsUsed();
      const before = seats.at(-1) ?? Number.NaN;
      if (words === 'used = number of active users') return hold(used === (await world.activeUsers()), words);
      if (words === 'used back to before') return hold(used === seats.at(-2), `${words}: ${used}, ${seats.join()}`);
      const step = /^used ([+-]\d+)/.exec(words)?.[1];
      if (step === undefined && !words.startsWith('unchanged'))
        throw new Error(`no check is written for: seat: ${words}`);
      hold(used - before === Number(step ?? 0), `seat: ${words}: from ${before} to ${used}`);
    },
    async login(words: string) {
      const wanted = words === 'allowed';
      if (!wanted && !words.endsWith('refused')) throw new Error(`no check is written for: login: ${words}`);
      hold((await world.mayComeIn(about)) === wanted, `login: ${words}`);
    },
    async sessions(words: string) {
      hold(words === 'revoked' && (await session()?.isDead()) === true, `sessions: ${words}`);
    },
    'audit entry': async () =>
      hold((await world.auditedActions(about)).filter((action) => action === 'user.deactivated').length === 1, 'audit'),
    'empty body': () => hold(answer.text === '', 'empty body'),
    'no null values anywhere': () => hold(!hasNull(answer.json), 'null in the body'),
    'no null values in body': () => hold(!hasNull(answer.json), 'null in the body'),
    'no data disclosed': () => hold(answer.json?.Resources === undefined, 'resources in a refusal'),
    'no user created': async () =>
      hold((await world.totalUsers()) === users + 1, 'the one user of this case and no other'),
    'manager absent or its value empty': () => hold(!/"manager"/.test(answer.text), 'manager'),
    'exactly one emails[*].primary=true': () =>
      hold(each(answer.json?.emails).filter((email) => email.primary === true).length === 1, 'one primary'),
    '$.emails[?value=p@x.io].primary=true': () =>
      hold(each(answer.json?.emails).find((email) => email.value === 'p@x.io')?.primary === true, 'primary'),
    'userName required=true': () => hold(attributeOf(answer, 'userName')?.required === true, 'userName required'),
    'active type boolean readWrite': () => {
      const { type, mutability } = attributeOf(answer, 'active') ?? {};
      hold(type === 'boolean' && mutability === 'readWrite', 'active');
    },
    'emails has value and primary': () => {
      const names = each(attributeOf(answer, 'emails')?.subAttributes).map((sub) => sub.name);
      hold(names.includes('value') && names.includes('primary'), 'emails');
    },
    'case-insensitive ascending': () => {
      const names = each(answer.json?.Resources).map((user) => String(user.userName).toLowerCase());
      hold(names.length > 1 && names.every((name, at) => at === 0 || (names[at - 1] ?? '') <= name), names.join());
    },
    'items without title first': () => {
      const titled = each(answer.json?.Resources).map((user) => user.title !== undefined);
      hold(titled.length > 1 && !titled.some((has, at) => has && titled[at + 1] === false), titled.join());
    },
    '$.totalResults = real total': async () =>
      hold(answer.json?.totalResults === (await world.totalUsers()), 'totalResults'),
    'len($.Resources)<=server max': async () => {
      const config = await world.send({ method: 'GET', path: '/ServiceProviderConfig' });
      hold(each(answer.json?.Resources).length <= config.json.filter.maxResults, 'more than filter.maxResults');
    },
    'if 400 invalidFilter': () => hold(answer.json?.scimType === 'invalidFilter', 'invalidFilter'),
    'if 200 totalResults=0; if 400 scimType=invalidFilter': () =>
      hold(answer.json?.scimType === 'invalidFilter', 'invalidFilter'),
    'if 403: SCIM error envelope, detail names the limit, no user stored': async () => {
      if (answer.status !== 403) return;
      hold(/\d/.test(answer.json?.detail) && (await world.totalUsers()) === users, 'refused without a trace');
    },
    'if 501: ServiceProviderConfig.bulk.supported=false': async () => {
      const config = await world.send({ method: 'GET', path: '/ServiceProviderConfig' });
      hold(answer.status === 200 && config.json.bulk.supported === true, 'bulk.supported');
    },
    '$.Operations[1] group has the new user id': async () => {
      const [user, group] = each(answer.json?.Operations).map(({ location }) =>
        String(location).slice(world.base.length),
      );
      const shown = await world.send({ method: 'GET', path: group ?? '' });
      const ids = each(shown.json?.members).map((member) => `/Users/${member.value}`);
      hold(ids.length === 1 && ids[0] === user, `members of the group: ${ids.join()}, not ${user}`);
    },
    'mutability in readOnly|readWrite|immutable|writeOnly': () => {
      const attributes = each(answer.json?.Resources).flatMap((schema) => each(schema.attributes));
      const all = attributes.flatMap((attribute) => [attribute, ...each(attribute.subAttributes)]);
      const known = ['readOnly', 'readWrite', 'immutable', 'writeOnly'];
      hold(all.length > 30 && all.every(({ mutability }) => known.includes(mutability)), 'mutability');
    },
    'if supported: $.nextCursor present when more': () => {
      const more = answer.json?.totalResults > each(answer.json?.Resources).length;
      hold(more && typeof answer.json?.nextCursor === 'string', 'nextCursor');
    },
  };
}

/** People's paths to request targets: `%XX`, `+`, dangling `&` and `?` stay as they stand. */
export function encodeTarget(path: string): string {
  return path.replace(/%(?![0-9A-Fa-f]{2})|[^!$%&'()*+,\-./:;=?@_~0-9A-Za-z]/gu, (character) =>
    encodeURIComponent(character),
  );
}

function toWire(request: WireRequest, values: Readonly<Record<string, string>>): WireRequest {
  const headers = Object.entries(request.headers ?? {}).map(([name, value]) => [name, fill(value, values)]);
  const { body } = request;
  const filled = typeof body === 'string' ? fill(body, values) : JSON.parse(fill(JSON.stringify(body ?? null), values));
  return {
    method: request.method,
    path: encodeTarget(fill(request.path, values)),
    headers: Object.fromEntries(headers) as Record<string, string>,
    ...(body === undefined ? {} : { body: filled }),
  };
}

function fill(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{\{([^}]+)\}\}/g, (_whole, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`nothing to put in the place of {{${name}}}`);
    return value;
  });
}

/** A PATCH of a user is answered with the user; of a group without a body, which may be long. */
function narrowStatus(request: WireRequest, status: number | readonly number[]): number | readonly number[] {
  if (request.method !== 'PATCH' || typeof status === 'number') return status;
  const ours = request.path.startsWith('/Groups/') ? 204 : 200;
  return status.includes(ours) ? ours : status;
}

function assertStatus(answer: WireAnswer, wanted: number | readonly number[], where: string): void {
  const allowed = typeof wanted === 'number' ? [wanted] : wanted;
  if (!allowed.includes(answer.status)) {
    throw new Error(`${where}: ${answer.status} instead of ${allowed.join(' or ')}\n${answer.text}`);
  }
}

function attributeOf(answer: WireAnswer, name: string): Json {
  return answer.json?.attributes?.find((attribute: { name: string }) => attribute.name === name);
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === 'object' && value !== undefined && Object.values(value).some(hasNull);
}
