// The doors the stopwatch stands at (L02). A door is one entry: how people get what they show there, and how one node is asked.

import type { House } from '#server.ts';
import { openSessionOf, type ServerProcess } from '../harness/server-process.ts';

export interface WatchedPerson {
  readonly id: string;
  /** What this person shows at a door, by the door's name. */
  readonly shows: ReadonlyMap<string, string>;
}

export interface WatchedDoor {
  readonly name: string;
  /** Statuses that mean "come in" and "kept out"; any other is a fault. */
  readonly admitted: number;
  readonly refused: readonly number[];
  /** What the person shows here from now on, made while they are active. */
  prepare(house: House, id: string): Promise<string>;
  /** One request; answers the status. */
  ask(node: ServerProcess, shown: string): Promise<number>;
}

const session = (house: House, id: string): Promise<string> => openSessionOf(house, id);

const get = async (url: string, headers: Readonly<Record<string, string>>): Promise<number> => {
  const response = await fetch(url, { headers, redirect: 'manual' });
  await response.arrayBuffer();
  return response.status;
};

const withCookie = (cookie: string) => ({ cookie: `furlough-session=${cookie}`, accept: 'application/json' });

export const watchedDoors: readonly WatchedDoor[] = [
  {
    name: '/sso/session',
    admitted: 200,
    refused: [403],
    prepare: session,
    ask: (node, cookie) => get(`${node.url}/sso/session`, withCookie(cookie)),
  },
  {
    name: '/gate/forward-auth',
    admitted: 200,
    refused: [403],
    prepare: session,
    ask: (node, cookie) =>
      get(`${node.url}/gate/forward-auth`, {
        ...withCookie(cookie),
        'x-forwarded-method': 'GET',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'localhost:1',
        'x-forwarded-uri': '/x',
      }),
  },
];
