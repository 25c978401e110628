// The keys an organisation signs with: which there are, and rotating them by hand, at once where one may be known to others.

import { z } from 'zod';
import type { SigningKeySet } from '#secrets/signing-keys.ts';
import { change, instant } from './contract-words.ts';
import { defineOperation, toIso, type Operation } from './admin-operation.ts';
import { rotateKeys } from './rotate-signing-keys.ts';

const base = '/organizations/:org/signing-keys';
const keysAnswer = z.object({
  keys: z.array(
    z.object({
      kid: z.string(),
      alg: z.enum(['RS256', 'ES256']),
      state: z.enum(['current', 'next', 'previous']).describe('`next` is published and does not sign yet.'),
      createdAt: instant,
      until: instant.optional().describe('How long a previous one stays published.'),
    }),
  ),
  rotatedAt: instant,
});

export const signingKeyOperations: readonly Operation[] = [
  defineOperation({
    id: 'signingKeys.list',
    method: 'get',
    path: base,
    summary: 'The keys that sign ID tokens, logout tokens and the identity header of forward-auth',
    answer: keysAnswer,
    run: async (context, call) => ({
      body: toKeysAnswer(await context.signingKeys.keysOf(call.organization.id, true)),
    }),
  }),
  defineOperation({
    id: 'signingKeys.rotate',
    method: 'post',
    path: `${base}/rotate`,
    summary: 'Sign with the next keys from now on',
    body: z.strictObject({
      compromised: z
        .boolean()
        .default(false)
        .describe(
          'Withdraws all that was published before, at once: what they signed is refused by whoever looks again.',
        ),
    }),
    answer: keysAnswer.extend({ change }),
    run: async (context, call) => {
      const { set, change: id } = await rotateKeys(context, call.organization.id, call.body.compromised, call.by);
      return { body: { ...toKeysAnswer(set), change: id } };
    },
  }),
];

function toKeysAnswer({ keys, rotatedAt }: SigningKeySet) {
  return {
    keys: keys.map(({ kid, alg, state, createdAt, until }) => ({
      kid,
      alg,
      state,
      createdAt: toIso(createdAt),
      ...(until === undefined ? {} : { until: toIso(until) }),
    })),
    rotatedAt: toIso(rotatedAt),
  };
}
