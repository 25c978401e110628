// Somebody who is held for not having signed in comes back and is refused: administrators are told, once for that hold. `GET …/notices?code=dormantSignIn`
// is the list of those who want to be let in again.

import type { AccessState } from '#directory/access-decision.ts';
import { displayNameOf, type User } from '#directory/user.ts';
import { tellOnce } from '#notices/tell-once.ts';
import type { GateContext } from '../gate-context.ts';

const keepMs = 365 * 86_400_000;

/** Only where nothing else holds them. A failure changes nothing for the refusal. */
export async function tellOfDormantSignIn(
  { storage, now, randomBytes, logger }: GateContext,
  { organizationId, id, profile }: Pick<User, 'organizationId' | 'id' | 'profile'>,
  { holds }: Pick<AccessState, 'holds'>,
): Promise<void> {
  const [hold, ...others] = holds;
  if (hold?.kind !== 'dormant' || others.length > 0) return;
  const values = { name: displayNameOf(profile) };
  const about = { kind: 'user', id };
  const notice = {
    code: 'dormantSignIn',
    level: 'information',
    values,
    roles: ['owner', 'administrator'],
    about,
  } as const;
  try {
    // The relay looks by itself within a second; nobody waits for it here.
    const place = { storage, now, randomBytes, wakeRelay: () => undefined };
    await tellOnce(place, organizationId, `dormantSignIn/${id}/${hold.since}`, notice, now() + keepMs);
  } catch (error) {
    logger.warn({ err: error }, 'that somebody who is dormant wants to come back could not be told');
  }
}
