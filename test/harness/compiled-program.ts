/**
 * A program of the tests as plain JavaScript: to load its sources through tsx costs each process a second, and some suites start hundreds. Compiled once
 * per process, into a folder from which packages are found; what it loads late stays apart.
 */
import { buildSync } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';

const compiled = new Map<string, string>();

/** Where the compiled form of a TypeScript file is; it lives as long as this process. */
export function compileProgram(path: string): string {
  const known = compiled.get(path);
  if (known !== undefined) return known;
  const cache = join(process.cwd(), 'node_modules/.cache');
  mkdirSync(cache, { recursive: true });
  const outdir = mkdtempSync(join(cache, 'furlough-test-'));
  process.once('exit', () => rmSync(outdir, { recursive: true, force: true }));
  buildSync({
    entryPoints: [path],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    packages: 'external',
    platform: 'node',
    format: 'esm',
    logLevel: 'warning',
  });
  const file = join(outdir, `${basename(path, '.ts')}.mjs`);
  compiled.set(path, file);
  return file;
}
