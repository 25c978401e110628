// Who carries out what a commit left to be done: each kind of effect has its carrier. The relay calls them, again and again until they succeed.

import type { AuditTrail } from '#audit/audit-chain.ts';
import type { Effect } from '#directory/effect.ts';
import type { Gate } from '#gate/gate.ts';
import { keepNotice } from '#notices/keep-notice.ts';
import type { Metrics } from '#observability/metrics.ts';
import { keepSeatEvents } from '#provisioning/seat-history.ts';
import { keepUndoable } from '#provisioning/undo-change.ts';
import type { EffectRelayOptions } from '#signals/effect-relay.ts';
import type { Storage } from '#storage/storage.ts';

export interface CarrierParts {
  readonly storage: Storage;
  readonly audit: AuditTrail;
  /** Asked for when an effect is carried out: the gate is built after the relay. */
  readonly gate: () => Gate;
  readonly metrics: () => Pick<Metrics, 'sessionsRevoked'>;
  /** There is something for a job that runs in the background. */
  readonly soon: (job: 'logouts' | 'mails') => void;
  readonly isMailed: boolean;
}

/** The carriers of all kinds. Each is idempotent by the effect's id. */
export function createEffectCarriers(parts: CarrierParts): Pick<EffectRelayOptions, 'carriers' | 'together'> {
  const { storage, audit, soon } = parts;
  return {
    carriers: {
      audit: async (effect) => {
        await audit.append(effect);
        await keepUndoable(storage, effect);
      },
      endSessions: async (effect) => {
        await endSessions(parts, effect);
        soon('logouts');
      },
      seat: (effect) => keepSeatEvents({ storage }, [effect]),
      notice: async (effect) => {
        await keepNotice(storage, effect, parts.isMailed);
        soon('mails');
      },
      endAppSessions: async (effect) => {
        await endAppSessions(parts, effect);
        soon('logouts');
      },
    },
    together: {
      audit: async (effects) => {
        await audit.appendAll(effects);
        for (const effect of effects) await keepUndoable(storage, effect);
      },
      seat: (effects) => keepSeatEvents({ storage }, effects),
    },
  };
}

/** Marks the sessions that a lost access killed; the commit closed the doors, this is the record of it. */
async function endSessions({ gate, metrics }: CarrierParts, effect: Effect): Promise<void> {
  if (effect.body.kind !== 'endSessions') return;
  const { userId, epoch, cause } = effect.body;
  const ended = await gate().endSessionsOfUser(effect.organizationId, userId, epoch, cause);
  metrics().sessionsRevoked.inc({ cause }, ended);
}

/** Tells the apps that were opened from a session that it has ended. */
async function endAppSessions({ gate }: CarrierParts, effect: Effect): Promise<void> {
  if (effect.body.kind !== 'endAppSessions') return;
  await gate().endAppSessions(effect.organizationId, effect.body.session, effect.body.cause);
}
