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
  const add = connection.prepare(`
    INSERT INTO outbox (source, organization, leased, has_unseen, due_at, effects) VALUES (?, ?, 0, 1, ?, ?)
    ON CONFLICT (source) DO UPDATE SET has_unseen = 1, due_at = iif(leased, due_at, min(due_at, excluded.due_at)),
      effects = effects || char(10) || excluded.effects`);
  return (source, organizationId, effects) => {
    if (effects.length > 0) add.run(source, organizationId, Date.now(), toText(effects));
  };
}

export function createSqliteEffectOutbox(connection: SqliteConnection): EffectOutbox {
  type Row = { row: number; source: string; organization: OrganizationId; effects: string };
  const columns = 'row, source, organization, effects';
  const due = connection.prepare<Row>(`SELECT ${columns} FROM outbox WHERE due_at <= ? ORDER BY due_at LIMIT 0 + ?`);
  const isDue = connection.prepare('SELECT 1 FROM outbox WHERE due_at <= ? LIMIT 1');
  const named = connection.prepare<Row>(`SELECT ${columns} FROM outbox WHERE source = ?`);
  const lease = connection.prepare('UPDATE outbox SET claim = ?, leased = 1, has_unseen = 0, due_at = ? WHERE row = ?');
  const leave = connection.prepare(
    'UPDATE outbox SET leased = 0, due_at = iif(leased, ?1, min(due_at, ?1)) WHERE source = ?2 AND claim = ?3',
  );
  const isUnseen = connection.prepare('SELECT 1 FROM outbox WHERE source = ? AND has_unseen');
  const dropSeen = connection.prepare('DELETE FROM outbox WHERE source = ? AND claim = ? AND NOT has_unseen');
  const drop = connection.prepare('DELETE FROM outbox WHERE row = ?');
  const keep = connection.prepare('UPDATE outbox SET effects = ? WHERE row = ?');
  const waiting = connection.prepare<{ number: number }>('SELECT count(*) AS number FROM outbox');

  const claim = ({ row, source, organization, effects }: Row, token: string, until: number): ClaimedEffects => {
    lease.run(token, until, row);
    return { organizationId: organization, source, claim: token, effects: fromText(effects) };
  };

  const complete = ({ source, claim: token, effects }: ClaimedEffects, effectIds: readonly string[]): void => {
    const done = new Set<string>(effectIds);
    // The usual case: all of it is done, and nothing came meanwhile.
    if (effects.every(({ id }) => done.has(id)) && dropSeen.run(source, token) > 0) return;
    const row = named.get(source);
    if (row === undefined) return;
    const left = fromText(row.effects).filter(({ id }) => !done.has(id));
    if (left.length === 0) {
      drop.run(row.row);
      return;
    }
    keep.run(toText(left), row.row);
    const seen = new Set<string>(effects.map(({ id }) => id));
    if (!left.some(({ id }) => seen.has(id))) leave.run(Date.now(), source, token);
  };

  return {
    async claimDue(limit, leaseMs) {
      // Looking first spares an idle relay the write lock.
      if ((await connection.read(() => isDue.get(Date.now()))) === undefined) return [];
      return connection.write(() => {
        const [token, now] = [randomUUID(), Date.now()];
        return due.all(now, limit).map((row) => claim(row, token, now + leaseMs));
      });
    },
    async claimOfUser(organizationId, userId, leaseMs) {
      const name = effectSource.user(organizationId, userId);
      if ((await connection.read(() => named.get(name))) === undefined) return null;
      return connection.write(() => {
        const row = named.get(name);
        return row === undefined ? null : claim(row, randomUUID(), Date.now() + leaseMs);
      });
    },
    complete: (claimed, effectIds) => connection.write(() => complete(claimed, effectIds)),
    completeAll: (claims) =>
      connection.write(() => {
        for (const claimed of claims)
          complete(
            claimed,
            claimed.effects.map(({ id }) => id),
          );
      }),
    postpone({ source, claim: token }, effectIds, delayMs) {
      return connection.write(() => {
        const dueAt = Date.now() + (isUnseen.get(source) === undefined ? delayMs : 0);
        if (leave.run(dueAt, source, token) === 0) return;
        const failed = new Set<string>(effectIds);
        const row = named.get(source);
        if (row === undefined) return;
        const counted = fromText(row.effects).map((effect) =>
          failed.has(effect.id) ? { ...effect, attempts: effect.attempts + 1 } : effect,
        );
        keep.run(toText(counted), row.row);
      });
    },
    backlog: () => connection.read(() => waiting.get()?.number ?? 0),
  };
}

/** An effect a line, oldest first: what comes later is written behind it without reading what is there. */
function toText(effects: readonly Effect[]): string {
  return effects.map((effect) => JSON.stringify(effect)).join('\n');
}

function fromText(text: string): readonly Effect[] {
  return text.split('\n').map((line) => JSON.parse(line) as Effect);
}
