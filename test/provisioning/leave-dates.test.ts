// Z01: what local dates mean where clocks are moved.

import { toInstant, toLocalDate } from '#provisioning/leave-dates.ts';

const instant = (date: string, hour: number, zone: string) =>
  new Date(toInstant(date, hour, zone, 'from')).toISOString();

test.each([
  ['2027-04-01', 0, 'Asia/Tokyo', '2027-03-31T15:00:00.000Z'],
  ['2027-03-14', 9, 'America/New_York', '2027-03-14T13:00:00.000Z'],
  ['2027-03-13', 9, 'America/New_York', '2027-03-13T14:00:00.000Z'],
  // Skipped: forward by the gap.
  ['2027-03-14', 2, 'America/New_York', '2027-03-14T07:00:00.000Z'],
  // Doubled: the first.
  ['2027-11-07', 1, 'America/New_York', '2027-11-07T05:00:00.000Z'],
  // Midnight itself is skipped there.
  ['2018-11-04', 0, 'America/Sao_Paulo', '2018-11-04T03:00:00.000Z'],
  ['2028-02-29', 0, 'UTC', '2028-02-29T00:00:00.000Z'],
])('Z01 %s, %i o’clock in %s is %s', (date, hour, zone, expected) => {
  expect(instant(date, hour, zone)).toBe(expected);
});

test.each(['2027-02-29', '2027-2-1', '2027-13-01', '01.02.2027', '', 'tomorrow', '2027-02-01T00:00:00Z'])(
  '%j is refused',
  (text) => {
    expect(() => toInstant(text, 0, 'UTC', 'until')).toThrow(
      expect.objectContaining({ code: 'invalidValue', details: { field: 'until' } }),
    );
  },
);

test('the day is the one of the place', () => {
  const now = Date.parse('2027-01-31T15:30:00Z');
  expect([toLocalDate(now, 'Asia/Tokyo'), toLocalDate(now, 'UTC')]).toEqual(['2027-02-01', '2027-01-31']);
});
