// The settings of an organisation that say what its people are told of, and when: from what is sent, and as it is shown.

import type { Organization } from '#directory/organization.ts';
import { usualAlerts, usualNoticeDays } from '#directory/seat-alert.ts';
import type { OrganizationEdit } from '#provisioning/administer-organization.ts';
import type * as contract from './admin-contract.ts';

type Change = ReturnType<typeof contract.organizationChange.parse>;
type Telling = Pick<OrganizationEdit, 'alerts' | 'noticeDays' | 'dormancy' | 'language'>;

/** What is left out stays, within `alerts` too: what is known is looked up when it is written. */
export function readTelling({ alerts, noticeDays, dormancy, language }: Pick<Change, keyof Telling>): Telling {
  const { thresholds, shortageDays } = alerts ?? {};
  const rule = {
    ...(thresholds === undefined ? {} : { thresholds: thresholds.toSorted((a, b) => a - b) }),
    ...(shortageDays === undefined ? {} : { shortageDays }),
  };
  return {
    ...(alerts === undefined ? {} : { alerts: rule }),
    ...(noticeDays === undefined ? {} : { noticeDays: noticeDays.toSorted((a, b) => b - a) }),
    ...(dormancy === undefined ? {} : { dormancy }),
    ...(language === undefined ? {} : { language }),
  };
}

export function toTellingAnswer({ alerts, noticeDays, dormancy, language = 'en' }: Organization) {
  return {
    alerts: alerts ?? usualAlerts,
    noticeDays: noticeDays ?? usualNoticeDays,
    ...(dormancy === undefined ? {} : { dormancy }),
    language,
  };
}
