// How a connection fetches from an HR system by itself: which system, how people are named there, and what of it becomes a leave.

import type { ReportedStatus } from './status-report.ts';

export const pulledLeaveTypes = ['leave', 'parental', 'secondment', 'other'] as const;
export type PulledLeaveType = (typeof pulledLeaveTypes)[number];

interface EveryPull {
  readonly everyMinutes: number;
  /** Sealed by secrets/: header names and values as JSON; never in an answer. */
  readonly sealedHeaders?: string;
}

export interface BambooHrPull extends EveryPull {
  readonly kind: 'bamboohr';
  readonly subdomain: string;
  /** Instead of `https://SUBDOMAIN.bamboohr.com`. */
  readonly baseUrl?: string;
  /** Which of their fields names a person, and so which of ours: employeeNumber, email, externalId. */
  readonly match: 'employeeNumber' | 'workEmail' | 'id';
  /** Absent: time off makes no leave. */
  readonly timeOff?: {
    /** By id or name of their type. */
    readonly types: Readonly<Record<string, PulledLeaveType>>;
    /** Time off of any type that is at least so long, in calendar days, is a leave too. */
    readonly minDays?: number;
  };
  /** Whether somebody still works on the day of their terminationDate. */
  readonly terminationDateIs: 'lastDay' | 'firstDayOut';
}

/** Where in an item something is: member names joined by dots. */
export interface GenericMapping {
  readonly employeeNumber?: string;
  readonly userName?: string;
  readonly email?: string;
  readonly externalId?: string;
  readonly status: string;
  /** Their values to ours; an item with another value is passed over. */
  readonly statuses: Readonly<Record<string, ReportedStatus>>;
  /** Absent, or empty in an item: today. */
  readonly effectiveAt?: string;
  readonly until?: string;
  readonly untilIs: 'lastDayOff' | 'firstDayBack';
  readonly type?: string;
  readonly types?: Readonly<Record<string, PulledLeaveType>>;
  readonly note?: string;
  readonly sequence?: string;
}

export interface GenericPull extends EveryPull {
  readonly kind: 'generic';
  readonly url: string;
  /** Whose values are sealed. */
  readonly headerNames: readonly string[];
  /** Where in an answer the array is; absent: the answer is one. */
  readonly itemsAt?: string;
  /** `next`: where an answer names its next page. `page`: a parameter that counts pages until one is empty. Absent: one page. */
  readonly paging?:
    | { readonly kind: 'next'; readonly at: string }
    | { readonly kind: 'page'; readonly parameter: string; readonly first: number };
  /** A parameter that takes since when changes are wanted; absent: everything every time. */
  readonly sinceParameter?: string;
  readonly mapping: GenericMapping;
}

export type HrPull = BambooHrPull | GenericPull;
