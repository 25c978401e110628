// Which app answers at a host, read with each request. Where it was found last is remembered as a hint only: it is the app's own record that says
// which hosts it has, and no two apps say the same of one (storage/app-records.ts).

import type { App, AppId } from '#directory/app.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import { findApp, findAppOfHost } from '#storage/app-records.ts';
import type { GateContext } from '../gate-context.ts';

/** The app as stored now; null when the host is no app's. Throws `StorageError`. */
export type FindAppOfHost = (host: string) => Promise<App | null>;

const mostHints = 10_000;

export function createFindAppOfHost({ storage, now }: Pick<GateContext, 'storage' | 'now'>): FindAppOfHost {
  const hints = new Map<string, { readonly organizationId: OrganizationId; readonly id: AppId }>();
  return async (host) => {
    const hint = hints.get(host);
    if (hint !== undefined) {
      const app = await findApp(storage, hint.organizationId, hint.id, now());
      if (app?.forwardAuth?.hosts.includes(host) === true) return app;
      hints.delete(host);
    }
    const app = await findAppOfHost(storage, host, now());
    if (app === null) return null;
    if (hints.size >= mostHints) hints.clear();
    hints.set(host, { organizationId: app.organizationId, id: app.id });
    return app;
  };
}
