// Runs one command inside the house: opens the store through createServer without listening, acts as actor `cli`, carries out what followed,
// closes. The commands themselves are the admin API's operations, so both doors refuse and answer alike.

import { operationOf } from '#admin/operations.ts';
import { readOrganization, type OperationCall } from '#admin/admin-operation.ts';
import type { ChangeContext } from '#directory/effects-between.ts';
import { loadConfig } from '#config/load-config.ts';
import { createLogger } from '#observability/logger.ts';
import { createServer, type House } from '../server.ts';
import { setUpWords } from './serve.ts';
import type { Terminal } from './terminal.ts';

export const byCli: ChangeContext = { actor: { kind: 'cli' }, mouth: 'cli' };

/** Opens the house for the time of `act`. What `act` committed is carried out before it closes, as far as that can be done now. */
export async function insideHouse<Result>(terminal: Terminal, act: (house: House) => Promise<Result>): Promise<Result> {
  const config = loadConfig(terminal.environment, terminal.folder);
  const logger = createLogger({
    level: 'warn',
    destination: { write: (line: string) => terminal.talk(line.trimEnd()) },
  });
  const server = createServer(config, { logger });
  try {
    const house = await server.open();
    if (house.setUpLink !== null) for (const line of setUpWords(house.setUpLink)) terminal.talk(line);
    const result = await act(house);
    // What was done stands, and its result may hold a secret that is shown once; the server's relay goes on with the rest.
    await house.relay
      .drain()
      .catch(() => terminal.talk('Some effects are still to be carried out; the server does it.'));
    return result;
  } finally {
    await server.stop();
  }
}

export interface OperationRequest {
  readonly operation: string;
  readonly organization: string;
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: Readonly<Record<string, unknown>>;
  readonly acceptLanguage?: string | undefined;
}

/** Runs an operation of the admin API as the CLI; answers its body. Throws what the operation throws. */
export async function runOperation(
  house: House,
  request: OperationRequest,
): Promise<Readonly<Record<string, unknown>>> {
  const organization = await readOrganization(house.admin, request.organization);
  const call: OperationCall = {
    organization,
    reachesAll: true,
    params: { org: request.organization, ...request.params },
    query: withoutUndefined(request.query),
    body: withoutUndefined(request.body),
    by: byCli,
    ...(request.acceptLanguage === undefined ? {} : { acceptLanguage: request.acceptLanguage }),
  };
  const answer = await operationOf(request.operation).run(house.admin, call);
  return answer.body as Readonly<Record<string, unknown>>;
}

/** All pages of a list operation. */
export async function listAll(
  house: House,
  request: OperationRequest,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const items: Readonly<Record<string, unknown>>[] = [];
  for (let cursor: unknown; ; ) {
    const page = await runOperation(house, { ...request, query: { ...request.query, limit: 200, cursor } });
    items.push(...(page['items'] as Readonly<Record<string, unknown>>[]));
    if (page['next'] === null) return items;
    cursor = page['next'];
  }
}

function withoutUndefined(values: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
