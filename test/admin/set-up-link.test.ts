import { createServer, loadConfig } from '#server.ts';
import request from 'supertest';

async function openFirstStart() {
  const server = createServer(
    loadConfig({
      FURLOUGH_STORAGE: 'sqlite::memory:',
      FURLOUGH_SECRET: Buffer.alloc(32, 1).toString('base64'),
      FURLOUGH_LOG_LEVEL: 'silent',
    }),
  );
  const { setUpLink } = await server.open();
  const link = new URL(setUpLink ?? 'http://no.link');
  return { server, path: link.pathname + link.search, code: link.searchParams.get('code') ?? '' };
}

test('the link of the first start gives one key that administers the instance, and only once', async () => {
  const { server, path, code } = await openFirstStart();
  const looked = await request(server.app).get(path).expect(200);
  expect(looked.text).toContain('works once');
  const used = await Promise.all(
    Array.from({ length: 5 }, () => request(server.app).post('/console/set-up').type('form').send({ code })),
  );
  expect(used.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, 410, 410, 410, 410]);
  const key = /furl_admin_\w+/.exec(used.find((answer) => answer.status === 200)?.text ?? '')?.[0];
  await request(server.app).get('/api/v1/organizations').set('Authorization', `Bearer ${key}`).expect(200);
  await request(server.app).get(path).expect(410);
  await server.stop();
});

test('a made-up code gives nothing', async () => {
  const { server } = await openFirstStart();
  await request(server.app).get('/console/set-up?code=x').expect(410);
  await request(server.app).get('/console/set-up').expect(410);
  await request(server.app).post('/console/set-up').type('form').send({ code: 'x' }).expect(410);
  await server.stop();
});
