// Compiles src/ to plain JavaScript in dist/: for `npm start`, the container, and packages that depend on this one. With --if-stale only
// when a source is newer than what is there. Compiled because on Node 20 a loader of TypeScript costs 40 MB and doubles the start.
// dist/ gets a package.json of its own, so that `#directory/user.ts` means the compiled file there and the source here.

import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
/** Built beside and moved into place whole: a server that is starting never sees half of it. */
const draft = join(root, `dist.${process.pid}`);
/** What tsc does not emit but the compiled files read at run time. */
const copied = /\.(mjs|json|css|svg)$/;

const lock = join(root, 'dist.lock');
const ifStale = process.argv.includes('--if-stale');

if (!ifStale || isStale()) {
  await acquireLock();
  try {
    // Whoever was waited for may have built the same.
    if (!ifStale || isStale()) build();
  } finally {
    rmSync(lock, { force: true });
  }
}

/** One build at a time: a server may be starting from what another build has just put in place. A lock whose process is gone is none. */
async function acquireLock() {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (isAbandoned()) rmSync(lock, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function isAbandoned() {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    // Written, but not filled yet.
    if (!(pid > 0)) return false;
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error.code === 'ESRCH';
  }
}

function build() {
  const begun = new Date();
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  if (!existsSync(compiler)) {
    console.error(
      'dist/ is missing or older than src/, and the compiler is not installed: run npm ci without --omit=dev.',
    );
    process.exit(1);
  }
  try {
    const options = ['-p', join(root, 'tsconfig.build.json'), '--outDir', draft];
    const { status } = spawnSync(process.execPath, [compiler, ...options], { stdio: 'inherit' });
    if (status !== 0) process.exitCode = status ?? 1;
    else {
      copyAssets();
      writeManifest(begun);
      putInPlace();
    }
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function copyAssets() {
  for (const entry of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
    if (copied.test(entry)) cpSync(join(root, 'src', entry), join(draft, entry));
  }
}

function putInPlace() {
  rmSync(dist, { recursive: true, force: true });
  renameSync(draft, dist);
}

/** Its time is that of the build's begin, so that a source changed meanwhile counts as newer. */
function writeManifest(begun) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const imports = { '#*.ts': './*.js', '#*.json': './*.json' };
  const manifest = { name, version, license, private: true, type: 'module', imports };
  const path = join(draft, 'package.json');
  writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  utimesSync(path, begun, begun);
}

/** Folders count too: their time changes when a file in them is removed or renamed. */
function isStale() {
  const built = statSync(join(dist, 'package.json'), { throwIfNoEntry: false });
  if (built === undefined) return true;
  // A container or a package has no sources: what is there is right.
  if (!existsSync(join(root, 'src'))) return false;
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' }).map((entry) =>
    join('src', entry),
  );
  const others = ['src', 'package.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs'];
  return [...sources, ...others].some((entry) => statSync(join(root, entry)).mtimeMs > built.mtimeMs);
}
