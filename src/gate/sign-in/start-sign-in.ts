// Sends a browser to its identity provider: the attempt is stored and bound to the browser before it leaves.

import type { Request } from 'express';
import type { ExpectedAnswer, ProviderWishes } from '../connections/connection-strategy.ts';
import { openConnection, type ConnectionParts } from '../connections/open-connection.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { idOfToken, isToken } from '../opaque-token.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import { keepAttempt } from './attempt.ts';

export interface StartedSignIn {
  /** The identity provider's address for this browser. */
  readonly url: string;
  readonly setCookie: string;
}

export interface SignInWishes extends ProviderWishes {
  /** Already checked; absent for the default page. */
  readonly returnTo?: string | undefined;
}

/** @throws SignInError */
export async function startSignIn(
  context: GateContext,
  parts: ConnectionParts,
  connection: SignInConnection,
  request: Request,
  { returnTo, ...wishes }: SignInWishes,
): Promise<StartedSignIn> {
  let setCookie = '';
  const keep = async (expected: ExpectedAnswer): Promise<void> => {
    const token = readSessionToken(context, request.headers.cookie);
    const attempt = {
      connection: connection.id,
      expected,
      ...(returnTo === undefined ? {} : { returnTo }),
      ...(token === undefined || !isToken(token) ? {} : { earlierSession: idOfToken(token) }),
    };
    setCookie = await keepAttempt(context, connection.organizationId, attempt, request.headers.cookie);
  };
  const url = await openConnection(context, parts, connection).begin(request, keep, wishes);
  if (setCookie === '') throw new Error(`connection ${connection.id}: the browser was sent away without an attempt`);
  return { url, setCookie };
}
