// What an import keeps in the store, so that any node goes on with it after a crash: the file as rows in pieces, the job, and for each piece a step
// that says what was planned and what became of it. docs/decisions/0017-imports-survive-crashes.md. All of it expires.

import type { ChangeContext } from '#directory/effects-between.ts';
import type { Difference } from '#directory/effect.ts';
import type { DepartmentProfile } from '#directory/department.ts';
import type { DepartmentId, Instant, OrganizationId, UserId } from '#directory/identifiers.ts';
import type { StatusChange } from '#directory/undo-change.ts';
import type { CredentialRefusal } from '#secrets/credential-authentication.ts';
import type { RecordKind } from '#storage/record-store.ts';
import type { ImportKind, Preset } from './csv-columns.ts';
import type { CsvShape } from './csv-reading.ts';
import type { TextEncoding } from './text-encoding.ts';

/** A file and its jobs are kept so long. */
export const keptMs = 30 * 86_400_000;

/** A row as it was read; passwords are never among its cells. */
export interface FileRow {
  readonly line: number;
  readonly cells: readonly string[];
  /** It cannot be meant, whatever the directory holds. */
  readonly fault?: { readonly code: string; readonly detail: string };
  /** The line that has the same key. */
  readonly duplicateOf?: number;
  /** Of a department: its parent stands above it in the file. */
  readonly parentAbove?: true;
  /** Of a person: a row above gives this name to whom the directory knows by that one. */
  readonly knownAs?: string;
  /** Of a person's new name, by the rows above: it was given to somebody else, or somebody gave it up. */
  readonly nameIs?: 'taken' | 'free';
}

export interface ImportFile extends CsvShape {
  readonly kind: ImportKind;
  readonly preset: Preset;
  readonly name?: string;
  readonly encoding: TextEncoding;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: number;
  readonly pieces: number;
  /** The first five rows, cells cut short. */
  readonly sample: readonly (readonly string[])[];
}

export type RowOutcome = 'changed' | 'unchanged' | 'duplicate' | 'blocked' | 'error';
export type UndoOutcome = 'restored' | 'partly' | 'changedSince' | 'gone' | 'blocked';

/** What a row did, kept to be taken back and to be recognised after a crash. */
export type RowTrace =
  | {
      readonly kind: 'user';
      /** Left out: made by the row. */
      readonly user?: UserId;
      /** Who was made, once they were. */
      readonly made?: UserId;
      readonly removes?: true;
      readonly status: StatusChange;
      /** Of the profile's attributes. */
      readonly difference: Difference;
    }
  | {
      readonly kind: 'department';
      readonly department?: DepartmentId;
      readonly before?: DepartmentProfile;
      readonly parentCode?: string;
      /** Left out: removed. */
      readonly after?: DepartmentProfile;
    };

/** What a row does to the numbers. */
export interface Moved {
  readonly active: -1 | 0 | 1;
  readonly seat: -1 | 0 | 1;
  readonly waits: boolean;
  /** Waited before, and does not want a seat any more. */
  readonly leavesLine?: true;
}

export interface StepRow {
  readonly line: number;
  /** The login name or the code. */
  readonly key: string;
  /** As planned, until `done`. */
  readonly outcome: RowOutcome;
  readonly done: boolean;
  /** `created`, `updated`, `deactivated`, `reactivated`, `removed`. */
  readonly action?: string;
  readonly code?: string;
  readonly detail?: string;
  readonly warnings?: readonly string[];
  /** What differs, as it was and as it is. */
  readonly difference?: Difference;
  readonly trace?: RowTrace;
  readonly moved?: Moved;
  readonly change?: string;
  readonly undo?: UndoOutcome;
  readonly undoDetail?: string;
}

export interface ImportStep {
  readonly rows: readonly StepRow[];
}

export interface Tally {
  readonly outcomes: Readonly<Record<RowOutcome, number>>;
  readonly actions: Readonly<Record<string, number>>;
  /** Seats taken less seats given back. */
  readonly seats: number;
  /** Of the seats that came free, those that go to people who wait. Absent: none, as in `leftLine`. */
  readonly passedOn?: number;
  /** People who waited before their row and do not after it. */
  readonly leftLine?: number;
  readonly people: { readonly in: number; readonly out: number; readonly waiting: number };
  /** Active owners that a dry run has switched off so far. */
  readonly ownersLost: number;
}

/** How an import finds the seats. */
export interface SeatsBefore {
  readonly licensed: number | null;
  /** Without those that are only reserved, as `used` everywhere. */
  readonly used: number;
  /** Without the reserved ones, too: nobody else can have them. */
  readonly free: number;
  readonly over?: number;
  /** Who stands in line for a seat of the organisation, a return for which one is to be reserved among them. */
  readonly waiting?: number;
}

/** `stopped`: whoever began it, or its undo, may not go on. */
export type ImportState = 'waiting' | 'running' | 'done' | 'cancelled' | 'stopped' | 'undoing' | 'undone';

export interface ImportJob {
  readonly file: string;
  readonly kind: ImportKind;
  readonly dryRun: boolean;
  readonly state: ImportState;
  readonly by: ChangeContext;
  readonly createdAt: Instant;
  readonly startedAt?: Instant;
  readonly finishedAt?: Instant;
  /** Rows of the file, and the next step to be taken. */
  readonly rows: number;
  readonly rowsDone: number;
  readonly steps: number;
  readonly position: number;
  readonly tally: Tally;
  readonly seatsBefore?: SeatsBefore;
  /** What was in use when it was done; of a dry run that is only reckoned. */
  readonly usedAfter?: number;
  /** Departments that the file leaves out, and whether somebody has confirmed that they go. */
  readonly leftOut?: { readonly token: string; readonly count: number };
  readonly confirmed?: string;
  /** Why it was stopped; stays where it is undone then. */
  readonly stopped?: CredentialRefusal;
  readonly undo?: {
    readonly by: ChangeContext;
    /** Steps that are still to be taken back. */
    readonly position: number;
    readonly outcomes: Readonly<Record<UndoOutcome, number>>;
  };
}

export const importFileRecords: RecordKind<ImportFile> = { name: 'importFile', keysOf: () => [] };
/** `file/number`; and `import/left/number`: a department that the file leaves out. */
export const importRowRecords: RecordKind<{ readonly rows: readonly FileRow[] }> = {
  name: 'importRows',
  keysOf: () => [],
};
export const importStepRecords: RecordKind<ImportStep> = { name: 'importStep', keysOf: () => [] };
export const importJobRecords: RecordKind<ImportJob> = {
  name: 'importJob',
  carriesEffects: true,
  keysOf: () => ['all'],
};

/** Says that an import of some organisation is not finished: written before it, so that no import is forgotten; one too many does no harm. */
export interface ImportPointer {
  readonly organization: OrganizationId;
}
export const importPointerRecords: RecordKind<ImportPointer> = { name: 'importPointer', keysOf: () => [] };

export function numberedId(base: string, index: number): string {
  return `${base}/${String(index).padStart(7, '0')}`;
}
