// Declares a journey once per storage, each with a company of its own.

import { testMongo } from '../harness/mongo-for-tests.ts';
import type { StorageKind } from '../harness/running-server.ts';
import { openCompany, type Company } from './company.ts';

export function describeJourney(
  name: string,
  suite: (company: () => Company, kind: StorageKind) => void,
  licensed: number | null = 10,
): void {
  const kinds: readonly StorageKind[] = ['sqlite', 'mongodb'];
  for (const kind of kinds) {
    const declare = kind === 'mongodb' && testMongo === undefined ? describe.skip : describe;
    declare(`${name} on ${kind}`, () => {
      let company: Company | undefined;
      beforeAll(async () => {
        company = await openCompany(kind, licensed);
      }, 180_000);
      afterAll(() => company?.stop());
      suite(() => {
        if (company === undefined) throw new Error('the company did not open');
        return company;
      }, kind);
    });
  }
}
