// What an export says, an import reads: into an empty organisation it makes the same people, and where they are it changes nothing.

import fc from 'fast-check';
import type { ChangeContext } from '#directory/effects-between.ts';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { UserProfile } from '#directory/user.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import type { Storage } from '#storage/storage.ts';
import { describeAtDoors } from '../harness/both-storages.ts';
import { runs } from '../harness/test-scale.ts';
import { acme } from '../admin/admin-house.ts';
import { openImportWorld, type ImportWorld } from './import-world.ts';

const kinds = ['departments', 'users', 'memberships', 'leaves'] as const;
const word = fc
  .oneof(
    fc.string({
      unit: fc.constantFrom('髙', '橋', 'あ', 'a', ' ', '"', "'", '=', '+', '-', ',', ';', '\n', '𠮷'),
      minLength: 1,
      maxLength: 6,
    }),
    fc.string({ minLength: 1, maxLength: 8 }),
  )
  .filter((text) => text !== '*' && !/[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F]/.test(text)); // oxlint-disable-line no-control-regex
const maybe = <Value>(value: fc.Arbitrary<Value>) => fc.option(value, { nil: undefined });
const date = fc
  .date({ min: new Date('1950-01-01'), max: new Date('2029-12-31'), noInvalidDate: true })
  .map((day) => day.toISOString().slice(0, 10));
const person = fc.record({
  displayName: word,
  surname: maybe(word),
  reading: maybe(word),
  about: maybe(word),
  phone: maybe(fc.constantFrom('+81-3-1', '=1', '090')),
  email: maybe(fc.constantFrom('a@example.com', '+a@example.com')),
  birthday: maybe(date),
  order: maybe(fc.integer({ min: -5, max: 1_000_000 })),
  active: fc.boolean(),
  departments: fc.uniqueArray(fc.constantFrom('sales', 'east', 'dev'), { maxLength: 3 }),
  title: maybe(fc.constantFrom('mgr', '=boss', '部長')),
  leave: maybe(fc.constantFrom('2027-02-01', '2027-06-01')),
});
type MadePerson = typeof person extends fc.Arbitrary<infer Value> ? Value : never;

describeAtDoors('an export', (open) => {
  let world: ImportWorld;
  let storage: Storage;
  beforeEach(async () => {
    storage = await open();
    world = await openImportWorld(storage, null);
    for (const [code, parent] of [
      ['sales', ''],
      ['east', 'sales'],
      ['dev', ''],
    ] as const)
      await world.run(
        `Department Code,Display Name,Parent Department Code\n${code},${code},${parent}\n`,
        'kind=departments',
      );
  });
  afterEach(async () => void (await world.stop()));

  const everybody = async (organization: OrganizationId) => {
    const people = await storage.users.list(organization, { limit: 100 });
    return people
      .map(({ profile, active, holds, leaves = [] }) => ({
        profile: { ...profile, person: { ...profile.person, departments: undefined } },
        departments: profile.person?.departments?.length ?? 0,
        active,
        holds: holds.map(({ kind }) => kind),
        leaves: leaves.map(({ type, from, until }) => ({ type, from, until })),
      }))
      .toSorted((a, b) => (a.profile.userName < b.profile.userName ? -1 : 1));
  };

  test('reads back unchanged where it came from, and makes the same people elsewhere', async () => {
    let round = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(person, { minLength: 1, maxLength: 4 }),
        fc.constantFrom('comma', 'tab', 'semicolon'),
        fc.constantFrom('furlough', 'kintone'),
        fc.constantFrom('utf-8', 'utf-8-bom', 'shift_jis'),
        async (people, delimiter, preset, wanted) => {
          round += 1;
          for (const [index, made] of people.entries()) await fill(world, `r${round}-${index}`, made);
          const files: (readonly [kind: string, file: Buffer])[] = [];
          const query = `preset=${preset}&delimiter=${delimiter}&language=ja`;
          for (const kind of kinds) {
            // Names that Shift_JIS lacks are refused as a whole, and go as UTF-8.
            const sent = await world.export(`${kind}.csv?${query}&encoding=${wanted}`).catch(() => null);
            const file = sent ?? (await world.export(`${kind}.csv?${query}`));
            // A file with a header alone is refused: nobody is on leave.
            if ((await world.export(`${kind}.csv?header=false`)).length === 0) continue;
            files.push([kind, file]);
            const back = await world.run(file, `kind=${kind}&preset=${preset}&delimiter=${delimiter}`);
            expect([kind, back['outcomes']]).toEqual([
              kind,
              { changed: 0, unchanged: back['rows'], duplicate: 0, blocked: 0, error: 0 },
            ]);
          }
          const elsewhere = `copy${round}`;
          await world.call(
            'post',
            '/organizations',
            { id: elsewhere, name: 'Copy', timeZone: 'Asia/Tokyo' },
            world.keys.instance,
          );
          for (const [kind, file] of files) {
            const path = `/organizations/${elsewhere}/imports?kind=${kind}&preset=${preset}&delimiter=${delimiter}`;
            await world.call('post', path, undefined, world.keys.instance).type('text/csv').send(file);
            await world.work();
          }
          expect(await everybody(elsewhere as OrganizationId)).toEqual(await everybody(acme));
        },
      ),
      { numRuns: runs(6, 40), endOnFailure: true },
    );
  }, 600_000);
});

/** Makes a person as other doors do. */
async function fill(world: ImportWorld, userName: string, made: MadePerson): Promise<void> {
  const { provisioning, storage, now } = world.context;
  const { displayName, surname, reading, about, phone, email, birthday, order, active, leave } = made;
  const all = await createDepartmentReader(storage, now).list(acme, { limit: 10 });
  const departments = made.departments.map((code, index) => ({
    value: all.find(({ profile }) => profile.code === code)?.id,
    ...(made.title === undefined ? {} : { jobTitleCode: made.title }),
    ...(index === 1 ? { primary: true } : {}),
  }));
  const person = {
    phoneticName: reading === undefined ? undefined : { familyName: reading },
    aboutMe: about,
    birthday,
    displayOrder: order,
    departments: departments.length === 0 ? undefined : departments,
  };
  const profile = {
    userName,
    displayName,
    name: surname === undefined ? undefined : { familyName: surname },
    phoneNumbers: phone === undefined ? undefined : [{ value: phone, type: 'work' }],
    emails: email === undefined ? undefined : [{ value: email, type: 'work', primary: true }],
    person: Object.values(person).every((value) => value === undefined) ? undefined : person,
  };
  // What is undefined is not there.
  const stored = JSON.parse(JSON.stringify(profile)) as UserProfile;
  const by: ChangeContext = { actor: { kind: 'system', name: 'test' }, mouth: 'bootstrap' };
  const { user } = await provisioning.provisionUser(acme, { profile: stored, active, restore: false }, by);
  if (leave !== undefined) await provisioning.planLeave(acme, user.id, { type: 'leave', from: leave }, by);
}
