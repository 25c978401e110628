// Effects on SQLite: stored in the transaction of the change that made them, claimed by source under a lease of the process's clock.
// Carrying them out is signals/' business.

import { randomUUID } from 'node:crypto';
import type { Effect } from '#directory/effect.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { ClaimedEffects, EffectOutbox } from '../effect-outbox.ts';
import type { SqliteConnection } from './sqlite-transaction.ts';

/** Adds effects to a source. Call it inside a write transaction. */
export type AddEffects = (source: string, organizationId: OrganizationId, effects: readonly Effect[]) => void;

/** Names of the documents that make effects. Ids hold no `/` where it would matter: the kind comes first and the rest is one name. */
export const effectSource = {
  user: (organizationId: OrganizationId, id: string): string => `user/${organizationId}/${id}`,
  group: (organizationId: OrganizationId, id: string): string => `group/${organizationId}/${id}`,
  organization: (id: OrganizationId): string => `organization/${id}`,
  ledger: (id: OrganizationId): string => `ledger/${id}`,
  record: (kind: string, id: string): string => `record/${kind}/${id}`,
};

export function createAddEffects(connection: SqliteConnection): AddEffects {
  const addSource = connection.prepare(`
    INSERT INTO effect_source (source, organization, claim, leased, due_at) VALUES (?1, ?2, NULL, 0, ?3)
    ON CONFLICT (source) DO UPDATE SET due_at = min(due_at, ?3) WHERE NOT leased`);
  const add = connection.prepare(
    'INSERT INTO effect (source, id, attempts, body) VALUES (?, ?, ?, ?) ON CONFLICT (source, id) DO NOTHING',
  );
  return (source, organizationId, effects) => {
    if (effects.length === 0) return;
    addSource.run(source, organizationId, Date.now());
    for (const effect of effects) add.run(source, effect.id, effect.attempts, JSON.stringify(effect));
  };
}

export function createSqliteEffectOutbox(connection: SqliteConnection): EffectOutbox {
  type Source = { source: string; organization: OrganizationId };
  const due = connection.prepare<Source>(
    'SELECT source, organization FROM effect_source WHERE due_at <= ? ORDER BY due_at LIMIT ?',
  );
  const named = connection.prepare<Source>('SELECT source, organization FROM effect_source WHERE source = ?');
  const lease = connection.prepare('UPDATE effect_source SET claim = ?, leased = 1, due_at = ? WHERE source = ?');
  const leave = connection.prepare(
    'UPDATE effect_source SET leased = 0, due_at = iif(leased, ?1, min(due_at, ?1)) WHERE source = ?2 AND claim = ?3',
  );
  const drop = connection.prepare('DELETE FROM effect_source WHERE source = ?');
  const ofSource = connection.prepare<{ id: string; attempts: number; body: string }>(
    'SELECT id, attempts, body FROM effect WHERE source = ? ORDER BY row',
  );
  const remove = connection.prepare('DELETE FROM effect WHERE source = ? AND id = ?');
  const fail = connection.prepare('UPDATE effect SET attempts = attempts + 1 WHERE source = ? AND id = ?');
  const waiting = connection.prepare<{ number: number }>('SELECT count(*) AS number FROM effect_source');

  const claim = ({ source, organization }: Source, leaseMs: number): ClaimedEffects => {
    const token = randomUUID();
    lease.run(token, Date.now() + leaseMs, source);
    const effects = ofSource
      .all(source)
      .map((row): Effect => ({ ...(JSON.parse(row.body) as Effect), attempts: row.attempts }));
    return { organizationId: organization, source, claim: token, effects };
  };
  /** Whether effects wait that the claimant has not seen. */
  const hasUnseen = (claimed: ClaimedEffects): boolean => {
    const seen = new Set<string>(claimed.effects.map((effect) => effect.id));
    return ofSource.all(claimed.source).some((row) => !seen.has(row.id));
  };

  return {
    async claimDue(limit, leaseMs) {
      // Looking first spares an idle relay the write lock.
      if ((await connection.read(() => due.get(Date.now(), 1))) === undefined) return [];
      return connection.write(() => due.all(Date.now(), limit).map((source) => claim(source, leaseMs)));
    },
    async claimOfUser(organizationId, userId, leaseMs) {
      const name = effectSource.user(organizationId, userId);
      if ((await connection.read(() => named.get(name))) === undefined) return null;
      return connection.write(() => {
        const source = named.get(name);
        return source === undefined ? null : claim(source, leaseMs);
      });
    },
    complete(claimed, effectIds) {
      return connection.write(() => {
        for (const id of effectIds) remove.run(claimed.source, id);
        const left = ofSource.all(claimed.source);
        const seen = new Set<string>(claimed.effects.map((effect) => effect.id));
        if (left.length === 0) drop.run(claimed.source);
        else if (!left.some((row) => seen.has(row.id))) leave.run(Date.now(), claimed.source, claimed.claim);
      });
    },
    postpone(claimed, effectIds, delayMs) {
      return connection.write(() => {
        const dueAt = Date.now() + (hasUnseen(claimed) ? 0 : delayMs);
        if (leave.run(dueAt, claimed.source, claimed.claim) === 0) return;
        for (const id of effectIds) fail.run(claimed.source, id);
      });
    },
    backlog: () => connection.read(() => waiting.get()?.number ?? 0),
  };
}
