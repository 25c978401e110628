#!/usr/bin/env node
// Starts the CLI: the compiled program where there is one that is not older than the sources, else the sources themselves.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));

const { runCli } = await load();
process.exitCode = await runCli(process.argv.slice(2));

async function load() {
  // In dist/ or an image without sources the program stands beside this file.
  if (!existsSync(join(here, 'program.ts'))) return import('./program.js');
  if (isBuilt(join(here, '../../dist/cli/program.js'))) return import('../../dist/cli/program.js');
  const { register } = await import('tsx/esm/api');
  register();
  return import('./program.ts');
}

function isBuilt(path) {
  if (!existsSync(path)) return false;
  const built = statSync(path).mtimeMs;
  const root = join(here, '..');
  return readdirSync(root, { recursive: true, encoding: 'utf8' }).every(
    (entry) => statSync(join(root, entry)).mtimeMs <= built,
  );
}
