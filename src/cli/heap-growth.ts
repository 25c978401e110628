// How much garbage the serving process may hold. V8 lets the heap grow to several times of what is in use before it collects, where the machine has
// memory; a server that holds 30 MB then takes 300. There is no other limit: what is needed is had.

import { setFlagsFromString } from 'node:v8';

/** The old generation is collected when it has grown by so many per cent since the last time. */
const growingPercent = 60;

/** Call it in the process that serves, once. */
export function keepHeapSmall(): void {
  setFlagsFromString(`--heap-growing-percent=${growingPercent}`);
}
