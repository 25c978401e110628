// Compiles src/ to plain JavaScript in dist/, for the container and for packages that depend on this one.
// dist/ gets a package.json of its own, so that `#directory/user.ts` means the compiled file there and the source here.

import { spawnSync } from 'node:child_process';
import { cpSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const dist = join(root, 'dist');
/** What tsc does not emit but the compiled files read at run time. */
const copied = /\.(mjs|json|css|svg)$/;

rmSync(dist, { recursive: true, force: true });
const tsc = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')], {
  stdio: 'inherit',
});
if (tsc.status !== 0) process.exit(tsc.status ?? 1);

for (const entry of readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })) {
  if (copied.test(entry)) cpSync(join(root, 'src', entry), join(dist, entry));
}
const { name, version, license } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const manifest = { name, version, license, private: true, type: 'module', imports: { '#*.ts': './*.js', '#*.json': './*.json' } };
writeFileSync(join(dist, 'package.json'), `${JSON.stringify(manifest, null, 2)}\n`);
