// `furlough/passport`: the same question as a passport strategy. Use it with `session: false` on every request: a passport session would remember
// a person whom Furlough has since kept out. The paths below `/.furlough/` are `furloughSignIn` of `furlough/express`.

import type { Request } from 'express';
import passport from 'passport';
import { createAppVisits, type AppVisits } from './app-visit.ts';
import { toAsked } from './express-middleware.ts';
import type { FurloughOptions } from './gate-client.ts';

export type { FurloughOptions, FurloughPerson } from './gate-client.ts';

/** Furlough cannot be asked. Express answers it with this status, and the request goes no further. */
export class FurloughUnavailable extends Error {
  readonly status = 503;

  constructor() {
    super('Furlough cannot be asked at the moment.');
    this.name = 'FurloughUnavailable';
  }
}

/** `passport.use(new FurloughStrategy({ url, credential, baseUrl }))`; `request.user` is then a `FurloughPerson`. */
export class FurloughStrategy extends passport.Strategy {
  override name = 'furlough';
  // Not a `#field`: for each request passport makes an object that has this one as its prototype.
  readonly visits: AppVisits;

  /** Throws `TypeError` for options that cannot work. */
  constructor(options: FurloughOptions) {
    super();
    this.visits = createAppVisits(options);
  }

  override authenticate(this: passport.StrategyCreated<this>, request: Request): void {
    decide(this.visits, request, this).catch((error: unknown) => this.error(error));
  }
}

type Verbs = Pick<passport.StrategyCreatedStatic, 'success' | 'fail' | 'redirect' | 'error'>;

async function decide(visits: AppVisits, request: Request, verbs: Verbs): Promise<void> {
  const asked = toAsked(request);
  const checked = await visits.check(asked);
  if (checked.kind === 'signedIn') return verbs.success(checked.person);
  if (checked.kind === 'held') return verbs.fail(checked.reason, 403);
  if (checked.kind === 'unavailable') return verbs.error(new FurloughUnavailable());
  const address = visits.signInAddress(asked);
  if (address === null) return verbs.fail('FurloughSession', 401);
  verbs.redirect(address);
}
