// What /metrics says of a real store, and the house's own doors on the composition root.

import { randomBytes } from 'node:crypto';
import request from 'supertest';
import { loadConfig } from '#config/load-config.ts';
import { createLogger } from '#observability/logger.ts';
import { createServer } from '#server.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { acme, byAdministrator, createWriteSide } from '../provisioning/write-side.ts';

describeAtDoors('the house’s own doors', (open) => {
  const build = async () => {
    const storage = await open();
    const house = await createWriteSide(storage, 2);
    const config = loadConfig({
      FURLOUGH_STORAGE: 'sqlite::memory:',
      FURLOUGH_SECRET: randomBytes(32).toString('base64'),
    });
    const server = createServer(config, { storage, logger: createLogger({ level: 'silent' }) });
    return { storage, house, server };
  };

  test('/metrics: seats and people as they are now, drift 0', async () => {
    const { house, server } = await build();
    const first = await house.add('aoki');
    await house.add('baba');
    await house.add('chiba');
    await house.deactivateUser(acme, first.id, {}, byAdministrator);
    const { text } = await request(server.app).get('/metrics').expect(200);
    for (const line of [
      'furlough_seats_licensed{organization="acme"} 2',
      'furlough_seats_used{organization="acme"} 2',
      'furlough_seats_waiting{organization="acme"} 0',
      'furlough_seats_drift{organization="acme"} 0',
      'furlough_users{organization="acme",status="active"} 2',
      'furlough_users{organization="acme",status="inactive"} 1',
      'furlough_dead_letters 0',
      'furlough_scrape_ok 1',
    ]) {
      expect(text.split('\n')).toContain(line);
    }
    expect(text).not.toContain('aoki');
    await server.stop();
  });

  test('while storage is away: alive, not ready, no stale gauge, and the admin API answers 503 and not 401', async () => {
    const { storage, server } = await build();
    await request(server.app).get('/readyz').expect(200);
    await storage.close();
    await request(server.app).get('/livez').expect(200);
    await request(server.app).get('/readyz').expect(503, { status: 'storageUnavailable' });
    const { text } = await request(server.app).get('/metrics').expect(200);
    expect(text).toContain('furlough_scrape_ok 0');
    expect(text).not.toContain('furlough_seats_used{');
    const { body, headers } = await request(server.app)
      .get('/api/v1/organizations')
      .set('Authorization', `Bearer ${'x'.repeat(40)}`)
      .expect(503);
    expect(body.code).toBe('storageUnavailable');
    expect(headers['retry-after']).toMatch(/^\d+$/);
    await server.stop();
  });
});
