// What a client is known to say and to expect, as data. A dialect is recognised by nothing: every shape here is accepted from everybody, on one
// connection, in any mixture (scim.md, rule 2). The files beside this one are the reason why a leniency exists, and where it was documented;
// test/scim/dialects.test.ts has each conversation with the server, and with a strict connection.

import type { LeniencyName } from './leniency.ts';

export interface Dialect {
  readonly client: string;
  readonly exchanges: readonly Exchange[];
}

export interface Exchange {
  readonly title: string;
  /** D: documented by the vendor, its source or a wire log. S: reported by others. ?: inferred, until somebody records it. */
  readonly mark: 'D' | 'S' | '?';
  /** Where it is documented. */
  readonly source: string;
  readonly steps: readonly Step[];
}

export interface Step {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the SCIM base, as it is sent, byte for byte. `{{name}}` stands for an id that was saved, here and in the body. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** What the client builds on. */
  readonly answer: {
    readonly status: number;
    /** Members the answer has, at least. */
    readonly body?: Readonly<Record<string, unknown>>;
    /** Texts that are nowhere in it. */
    readonly lacks?: readonly string[];
  };
  /** The `id` of the answer is called this from here on. */
  readonly saves?: string;
  /** What the step asks beyond the letter of the RFCs: a strict connection refuses it, and nothing else. */
  readonly needs?: readonly LeniencyName[];
}
