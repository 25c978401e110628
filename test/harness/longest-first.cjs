/**
 * Which test file begins first. On a fresh clone jest knows no durations and begins with the largest files; a long suite that begins last then runs
 * alone at the end, with a core idle. These take minutes, and in the long run the most of an hour.
 */
const { default: Sequencer } = require('@jest/test-sequencer');

const longest = [
  'test/model/directory-history',
  'test/processes/killed-under-load',
  'test/storage/crash/',
  'test/hostile/',
  'test/storage/contention/',
  'test/processes/',
  'test/isolation/',
  'test/journeys/',
];

const rankOf = ({ path }) => {
  const place = longest.findIndex((part) => path.includes(part));
  return place === -1 ? longest.length : place;
};

module.exports = class LongestFirst extends Sequencer {
  sort(tests) {
    return super.sort(tests).toSorted((one, other) => rankOf(one) - rankOf(other));
  }
};
