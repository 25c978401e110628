// The version of this Furlough, as its package says.

import { readFileSync } from 'node:fs';

/** Beside the compiled files lies a package.json of their own with the same version. */
const manifest: { version: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));

export const version: string = manifest.version;
