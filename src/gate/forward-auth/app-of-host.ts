// Which app answers at a host, read with each request. Where it was found last is remembered as a hint only: it is the app's own record that says
// which hosts it has, and no two apps say the same of one (storage/app-records.ts).

import type { App } from '#directory/app.ts';
import { appRecordId, appRecords, findAppOfHost } from '#storage/app-records.ts';
import type { GateContext } from '../gate-context.ts';
import type { ReadSession } from '../sessions/resume-session.ts';
import { sessionRecords } from '../sessions/session.ts';

export interface AppHosts {
  /** The app as stored now; null when the host is no app's. Throws `StorageError`. */
  readonly find: (host: string) => Promise<App | null>;
  /** The same, and a session with its person: in one read where the host was asked for before. */
  readonly findWithSession: (
    host: string,
    sessionId: string,
  ) => Promise<{ readonly app: App | null; readonly session: ReadSession | null }>;
}

const mostHints = 10_000;

export function createAppHosts({ storage, now }: Pick<GateContext, 'storage' | 'now'>): AppHosts {
  /** Ids of app records. */
  const hints = new Map<string, string>();

  const isAt = (app: App | null, host: string): app is App => app?.forwardAuth?.hosts.includes(host) === true;

  async function search(host: string): Promise<App | null> {
    hints.delete(host);
    const app = await findAppOfHost(storage, host, now());
    if (app === null) return null;
    if (hints.size >= mostHints) hints.clear();
    hints.set(host, appRecordId(app.organizationId, app.id));
    return app;
  }

  return {
    async find(host) {
      const hint = hints.get(host);
      const record = hint === undefined ? null : await storage.records(appRecords).get(hint, now());
      return record !== null && isAt(record.value, host) ? record.value : search(host);
    },
    async findWithSession(host, sessionId) {
      const name = { kind: sessionRecords, id: sessionId };
      const hint = hints.get(host);
      if (hint === undefined) {
        const [app, session] = await Promise.all([search(host), storage.doors.recordOfPerson(name, now())]);
        return { app, session };
      }
      const read = await storage.doors.recordOfPersonBeside(name, { kind: appRecords, id: hint }, now());
      return { app: isAt(read.other, host) ? read.other : await search(host), session: read.ofPerson };
    },
  };
}
