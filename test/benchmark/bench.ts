// `npm run bench -- NAME [--json] [--large] [--people N] [--seconds N]`: one benchmark, as a table or as JSON. Without a name it lists them.

import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import CliTable from 'cli-table3';
import { type Benchmark, type Measurement, runBenchmark } from './benchmark.ts';
import { gateBenchmark } from './gate-benchmark.ts';
import { scimBenchmark } from './scim-benchmark.ts';
import { seatsBenchmark } from './seats-benchmark.ts';
import { soakBenchmark } from './soak-benchmark.ts';

const benchmarks: readonly Benchmark[] = [scimBenchmark, gateBenchmark, seatsBenchmark, soakBenchmark];

process.exitCode = await main();

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked === null) return 2;
  const { name, json, sizes, seconds } = asked;
  if (name === undefined) {
    console.log('npm run bench -- NAME [--json] [--large] [--people N] [--seconds N]\n');
    for (const benchmark of benchmarks) console.log(`  ${benchmark.name.padEnd(6)} ${benchmark.sentence}`);
    return 0;
  }
  const benchmark = benchmarks.find((candidate) => candidate.name === name);
  if (benchmark === undefined) {
    console.error(`There is no benchmark ${name}; there are ${benchmarks.map((each) => each.name).join(', ')}.`);
    return 2;
  }
  const report = (line: string): void => {
    if (process.stderr.isTTY) console.error(`… ${line}`);
  };
  const measurements = await runBenchmark(benchmark, { sizes, seconds }, report);
  const machine = { node: process.version, cores: cpus().length, memoryGigabytes: Math.round(totalmem() / 1e9) };
  const title = { benchmark: name, sizes, seconds, ...machine };
  console.log(
    json ? JSON.stringify({ ...title, measurements }, null, 2) : `${describe(title)}\n${toTable(measurements)}`,
  );
  return 0;
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        large: { type: 'boolean' },
        people: { type: 'string' },
        seconds: { type: 'string' },
      },
    });
    const people = values.people === undefined ? undefined : Number(values.people);
    if (people !== undefined && !(Number.isSafeInteger(people) && people >= 200)) throw new Error('People from 200.');
    const sizes = people === undefined ? [1_000, 100_000, ...(values.large === true ? [1_000_000] : [])] : [people];
    const seconds = Number(values.seconds ?? 5);
    if (!Number.isFinite(seconds) || seconds < 1 || positionals.length > 1)
      throw new Error('One NAME; seconds from 1.');
    return { name: positionals[0], json: values.json === true, sizes, seconds };
  } catch (error) {
    console.error(error instanceof Error ? error.message : 'Wrong arguments.');
    return null;
  }
}

function describe({ benchmark, node, cores }: { benchmark: string; node: string; cores: number }): string {
  return `${benchmark}; Node ${node}, ${cores} cores shared with the client, 10 connections, SQLite file`;
}

function toTable(measurements: readonly Measurement[]): string {
  const table = new CliTable({
    head: ['people', 'case', 'requests/s', 'users/s', 'of express', 'p50 ms', 'p99 ms', 'memory MB'],
    colAligns: ['right', 'left', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [], compact: true },
  });
  for (const each of measurements) {
    table.push([
      each.people?.toLocaleString('en') ?? '',
      each.case,
      toWhole(each.perSecond),
      each.itemsPerRequest === undefined ? '' : toWhole(each.perSecond * each.itemsPerRequest),
      each.ofExpress.toFixed(2),
      each.p50.toFixed(2),
      each.p99.toFixed(2),
      Math.round(each.memoryMegabytes),
    ]);
  }
  return table.toString();
}

function toWhole(number: number): string {
  return Math.round(number).toLocaleString('en');
}
