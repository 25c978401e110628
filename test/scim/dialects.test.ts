// Every documented exchange of every client, on both stores: all of them on one connection, which knows nothing of who is calling. And each again
// on a strict connection, which refuses what is said to go beyond the RFCs, as it is said to, and nothing else.

import type { ConnectionId } from '#directory/identifiers.ts';
import { authentik } from '#scim/dialects/authentik.ts';
import type { Dialect, Exchange, Step } from '#scim/dialects/dialect.ts';
import { entra } from '#scim/dialects/entra.ts';
import { google } from '#scim/dialects/google.ts';
import { jumpcloud } from '#scim/dialects/jumpcloud.ts';
import { leniencies } from '#scim/dialects/leniency.ts';
import { okta } from '#scim/dialects/okta.ts';
import { onelogin } from '#scim/dialects/onelogin.ts';
import { ping } from '#scim/dialects/ping.ts';
import { rippling } from '#scim/dialects/rippling.ts';
import { connectionRecordId, connectionRecords } from '#storage/connection-records.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, CORE, ENTERPRISE, startScimWorld, type ScimWorld, type WireAnswer } from './scim-world.ts';

const dialects: readonly Dialect[] = [okta, entra, onelogin, jumpcloud, google, ping, rippling, authentik];
const exchanges = dialects.flatMap(({ client, exchanges: all }) =>
  all.map((exchange) => [`${client}: ${exchange.title}`, exchange] as const),
);

test('every leniency is there for a client that is known to need it, and every exchange says where it is from', () => {
  const needed = new Set(exchanges.flatMap(([, { steps }]) => steps.flatMap(({ needs = [] }) => needs)));
  expect([...needed].toSorted()).toEqual(Object.keys(leniencies).toSorted());
  for (const [, { source, steps }] of exchanges) {
    expect(source.length).toBeGreaterThan(10);
    expect(steps.length).toBeGreaterThan(0);
  }
});

describeAtDoors('dialects', (open) => {
  let world: ScimWorld;
  let secret: string;
  beforeEach(async () => {
    world = await startScimWorld(await open());
    secret = await world.addConnection('any', {});
  });
  afterEach(() => world.stop());

  /** Follows the letter from the next request on, or does not. */
  async function setStrict(strict: boolean): Promise<void> {
    const records = world.storage.records(connectionRecords);
    const record = await records.get(connectionRecordId(acme, 'any' as ConnectionId), world.clock.now);
    if (record?.value.provisioning?.kind !== 'scim') throw new Error('the connection is gone');
    const provisioning = { ...record.value.provisioning, strict, restoreOnPost: !strict };
    await records.replace({ ...record, value: { ...record.value, provisioning } });
  }

  /** One client's conversation: what it saved is its own. */
  function converse() {
    const saved = new Map([['credential', secret]]);
    const fill = <Value>(value: Value): Value =>
      JSON.parse(
        JSON.stringify(value).replaceAll(/\{\{(\w+)\}\}/g, (_all, name: string) => saved.get(name) ?? 'nothing'),
      );
    return {
      ask(step: Step): Promise<WireAnswer> {
        const { method, path, headers = {}, body } = fill({ body: step.body ?? null, ...step });
        return world.send({
          method,
          path,
          headers: { Authorization: `Bearer ${secret}`, ...headers },
          ...(step.body === undefined ? {} : { body }),
        });
      },
      expected: (step: Step): Step['answer'] => fill(step.answer),
      save(step: Step, answer: WireAnswer): void {
        if (step.saves !== undefined) saved.set(step.saves, answer.json.id);
      },
    };
  }

  function assertAnswer(step: Step, { status, body = {}, lacks = [] }: Step['answer'], answer: WireAnswer): void {
    const label = `${step.method} ${step.path} ${JSON.stringify(step.body ?? null)}`;
    expect([label, answer.status, answer.text]).toEqual([label, status, answer.text]);
    if (Object.keys(body).length > 0) expect([label, answer.json]).toMatchObject([label, body]);
    for (const text of lacks) expect([label, answer.text]).toEqual([label, expect.not.stringContaining(text)]);
  }

  test('one connection has every conversation of every client, one after the other', async () => {
    for (const [, { steps }] of exchanges) {
      const { ask, expected, save } = converse();
      for (const step of steps) {
        const answer = await ask(step);
        assertAnswer(step, expected(step), answer);
        save(step, answer);
      }
    }
  });

  test.each(exchanges)(
    '%s: strict refuses what goes beyond the RFCs, and nothing else',
    async (_name, exchange: Exchange) => {
      const { ask, expected, save } = converse();
      for (const step of exchange.steps) {
        await setStrict(true);
        const needs = (step.needs ?? []).map((name) => leniencies[name].strict);
        let answer = await ask(step);
        if (needs.length > 0) {
          const refusals = needs.filter((need) => need !== 'otherwise');
          if (refusals.length > 0) {
            const refused = { status: answer.status, scimType: answer.json?.scimType };
            expect([step, refusals]).toEqual([
              step,
              expect.arrayContaining([expect.objectContaining(withoutUndefined(refused))]),
            ]);
          } else {
            expect(() => assertAnswer(step, expected(step), answer)).toThrow();
            expect(answer.status).toBe(step.answer.status);
          }
          // Nothing was done, or not what was meant: the client that is understood goes on.
          await setStrict(false);
          answer = await ask(step);
        }
        assertAnswer(step, expected(step), answer);
        save(step, answer);
      }
    },
  );

  test('a strict connection refuses the same shapes wherever they stand', async () => {
    const { strict } = world.secrets;
    const post = (parts: object) =>
      world.post('/Users', { schemas: [CORE], userName: 's@acme.test', ...parts }, strict);
    for (const [parts, scimType] of [
      [{ active: 'True' }, 'invalidValue'],
      [{ schemas: [CORE, 'urn:scim:schemas:core:1.0'] }, 'invalidSyntax'],
      [{ 'name.givenName': 'x' }, 'invalidSyntax'],
      [{ emails: { value: 'x' } }, 'invalidValue'],
      [{ [ENTERPRISE]: { manager: 'x' } }, 'invalidValue'],
    ] as const) {
      const answer = await post(parts);
      expect([answer.status, answer.json.scimType]).toEqual([400, scimType]);
    }
    const { id } = (await post({ title: '' })).json;
    expect((await world.get(`/Users/${id}`, strict)).status).toBe(200);
  });
});

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined));
}
