// After the answer to a deactivation, no request that starts is let in: counted over a thousand requests, at both doors, while others go on.

import { patchOp } from './company.ts';
import { describeJourney } from './journey.ts';

const counted = 1_000;
const workers = 8;

describeJourney('lock-out', (open) => {
  test(`0 of ${counted} requests that start after the 2xx are admitted`, async () => {
    const company = open();
    const [leaver, stays] = [
      await company.provision('leaver@example.com'),
      await company.provision('stays@example.com'),
    ];
    expect(leaver).not.toBe(stays);
    const { browser } = await company.signIn('leaver@example.com', 'saml');
    const { browser: other } = await company.signIn('stays@example.com', 'oidc');
    const tally = { admittedBefore: 0, refusedAfter: 0, admittedAfter: 0, othersRefused: 0 };
    const unexpected: number[] = [];
    let answered = false;
    const work = Array.from({ length: workers }, async () => {
      while (tally.refusedAfter + tally.admittedAfter < counted) {
        const startedAfter = answered;
        for (const status of Object.values(await company.doors(browser))) {
          if (startedAfter) tally[status === 200 ? 'admittedAfter' : 'refusedAfter'] += 1;
          else if (status === 200) tally.admittedBefore += 1;
          if (status !== 200 && status !== 403) unexpected.push(status);
        }
        if (Math.random() < 0.05 && (await company.doors(other)).session !== 200) tally.othersRefused += 1;
      }
    });
    while (tally.admittedBefore < 50) await new Promise((resolve) => setTimeout(resolve, 5));
    const { status } = await company.scim('PATCH', `/Users/${leaver}`, {
      schemas: [patchOp],
      Operations: [{ op: 'replace', value: { active: false } }],
    });
    answered = true;
    expect(status).toBe(200);
    await Promise.all(work);
    expect(tally).toMatchObject({ admittedAfter: 0, othersRefused: 0 });
    expect(tally.refusedAfter).toBeGreaterThanOrEqual(counted);
    expect(tally.admittedBefore).toBeGreaterThanOrEqual(50);
    expect(unexpected).toEqual([]);
  });
});
