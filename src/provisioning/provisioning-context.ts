// What the write side is given: storage, clock, chance, and whom to wake when effects wait. Features take this by name, nothing else.

import type { OrganizationId, RandomBytes } from '#directory/identifiers.ts';
import type { Storage } from '#storage/storage.ts';
import type { BrakeContext, Brakes } from './brake.ts';

export interface ProvisioningContext {
  readonly storage: Storage;
  readonly now: () => number;
  readonly randomBytes: RandomBytes;
  /** Hashes the names of the deleted, which are kept for good. */
  readonly nameKey: Uint8Array;
  /** Says that effects wait; the relay takes them soon. Must not throw. */
  readonly wakeRelay: () => void;
  /** Says that seats of an organisation moved, or what is licensed; left out: nobody looks before the sweep does. Must not throw. */
  readonly seatsMoved?: (id: OrganizationId) => void;
  /** Work that goes on after the answer; it reports its own trouble. The server waits for it before it closes the store. */
  readonly continueLater: (work: () => Promise<unknown>) => void;
  /** A failure that must not undo a committed change: the sweep repairs it later. */
  readonly reportTrouble: (message: string, error: unknown) => void;
  /** For metrics of the brake. */
  readonly noteBrake?: NonNullable<BrakeContext['noteBrake']>;
  /** Who asks the brakes together with others; without, everybody asks alone. */
  readonly brakes?: Brakes;
}
