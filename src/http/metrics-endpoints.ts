// /metrics for Prometheus, and what is read from the store at scrape time.

import { Router } from 'express';
import type { Metrics, OrganizationValues, ScrapedValues } from '#observability/metrics.ts';
import type { Organization } from '#directory/organization.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { reservedSeatKey } from '#directory/user.ts';
import type { Storage } from '#storage/storage.ts';

/** The schedule runs every five seconds. */
const overdueAfterMs = 60_000;
const mostOverdue = 1_000;

export function createMetricsRouter(metrics: Pick<Metrics, 'render' | 'contentType'>): Router {
  const router = Router({ caseSensitive: true });
  // Anybody may ask, and each page reads the store for every organisation: those who ask at once get one and the same.
  let rendering: Promise<string> | undefined;
  const render = (): Promise<string> =>
    (rendering ??= metrics.render().finally(() => {
      rendering = undefined;
    }));
  router.get('/metrics', async (_request, response) => {
    const page = await render();
    response.set('Cache-Control', 'no-store').type(metrics.contentType).send(page);
  });
  return router;
}

/** The gauges of the store. `countDeadLetters` belongs to the relay, `readShortageDays` to the forecast. Throws when storage is away. */
export async function readScrapedValues(
  storage: Pick<Storage, 'organizations' | 'seats' | 'users' | 'effects'>,
  countDeadLetters: () => Promise<number>,
  now: number,
  readShortageDays: (organizations: readonly Organization[]) => Promise<ReadonlyMap<OrganizationId, number>>,
): Promise<ScrapedValues> {
  const known = await storage.organizations.list();
  const shortages = await readShortageDays(known);
  const organizations: OrganizationValues[] = [];
  for (const organization of known) {
    const shortageDays = shortages.get(organization.id) ?? null;
    organizations.push({ ...(await readOrganization(storage, organization)), shortageDays });
  }
  const overdue = await storage.users.dueTransitions(now - overdueAfterMs, mostOverdue);
  return {
    organizations,
    effectBacklog: await storage.effects.backlog(),
    deadLetters: await countDeadLetters(),
    overdueLeaves: overdue.length,
  };
}

async function readOrganization(
  storage: Pick<Storage, 'seats' | 'users'>,
  { id }: Organization,
): Promise<Omit<OrganizationValues, 'shortageDays'>> {
  const ledger = await storage.seats.read(id);
  const reserved = await storage.users.countByKey(id, reservedSeatKey);
  const { active, inactive, onLeave, waiting, starting, holders } = await storage.users.counts(id);
  return {
    organization: id,
    licensed: ledger?.licensed ?? null,
    used: (ledger?.used ?? 0) - reserved,
    reserved,
    waiting,
    drift: (ledger?.used ?? 0) - holders,
    users: { active, inactive, onLeave, waiting, starting },
  };
}
