// The kinds of plain records the house keeps, by name, so that a store has their tables and indexes before the first request.

import { setUpCodeRecords } from '#admin/set-up-link.ts';
import { accountLinkRecords, linkedUserRecords } from '#gate/sign-in/account-link.ts';
import { receivedTokenRecords } from '#gate/security-signals/received-token.ts';
import { attemptRecords } from '#gate/sign-in/attempt.ts';
import { logoutDeliveryRecords } from '#gate/logout/logout-delivery.ts';
import { logoutDueRecords } from '#gate/logout/logout-due.ts';
import { artifactRecords } from '#gate/openid-provider/artifact.ts';
import { appSignInCodeRecords } from '#gate/forward-auth/app-sign-in-code.ts';
import { doorRefusalRecords } from '#gate/sessions/door-refusal.ts';
import { logoutAttemptRecords } from '#gate/logout/logout-attempt.ts';
import { recentLogoutRecords } from '#gate/sessions/recent-logout.ts';
import { sessionRecords } from '#gate/sessions/session.ts';
import { signInRecords } from '#gate/sign-in/sign-in-record.ts';
import { usedOnceRecords } from '#gate/sign-in/used-once.ts';
import { statusBatchHeadRecords, statusBatchRecords } from '#hr/status-batch.ts';
import {
  importFileRecords,
  importJobRecords,
  importPointerRecords,
  importRowRecords,
  importStepRecords,
} from '#import-export/import-records.ts';
import { idempotencyRecords } from '#http/idempotency.ts';
import { mailDueRecords } from '#notices/mail-due.ts';
import { noticeMailRecords } from '#notices/mail-records.ts';
import { noticeReadingRecords, noticeRecords } from '#notices/notice-records.ts';
import { toldOnceRecords } from '#notices/tell-once.ts';
import { undoableRecords } from '#provisioning/undo-change.ts';
import { deletedNameRecords } from '#provisioning/deleted-names.ts';
import { dormancyWalkRecords, dormancyWarningRecords } from '#provisioning/dormancy.ts';
import { seatAlertRecords } from '#provisioning/seat-alerts.ts';
import { deadLetterRecords } from '#signals/effect-relay.ts';
import { accessTokenRecords } from '#secrets/access-tokens.ts';
import { usedAssertionRecords } from '#secrets/client-assertion.ts';
import { credentialUseRecords } from '#secrets/credential-use.ts';
import { appRecords, hostClaimRecords } from '#storage/app-records.ts';
import { connectionRecords } from '#storage/connection-records.ts';
import { credentialRecords } from '#storage/credential-records.ts';
import { departmentRecords, departmentTreeRecords } from '#storage/department-records.ts';
import { brakeRecords } from '#storage/brake-records.ts';
import { certificateWarningRecords, metadataWatchRecords } from '#storage/metadata-watch-records.ts';
import { lastSeenRecords } from '#storage/last-seen-records.ts';
import { hrPullRecords } from '#storage/hr-pull-records.ts';
import { samlKeyRecords } from '#storage/saml-key-records.ts';
import { domainClaimRecords, verifiedDomainRecords } from '#storage/domain-records.ts';
import { customSchemaRecords } from '#storage/custom-schema-records.ts';
import { provisioningLogRecords } from '#storage/provisioning-log-records.ts';
import type { AnnouncedKind } from '#storage/record-store.ts';
import { seatContractRecords } from '#storage/seat-contract-records.ts';
import { seatDayRecords } from '#storage/seat-history-records.ts';
import { signingKeyRecords } from '#storage/signing-key-records.ts';

export const recordKinds: readonly AnnouncedKind[] = [
  accessTokenRecords,
  accountLinkRecords,
  appRecords,
  artifactRecords,
  appSignInCodeRecords,
  attemptRecords,
  brakeRecords,
  certificateWarningRecords,
  connectionRecords,
  credentialRecords,
  credentialUseRecords,
  customSchemaRecords,
  deadLetterRecords,
  deletedNameRecords,
  departmentRecords,
  departmentTreeRecords,
  domainClaimRecords,
  doorRefusalRecords,
  hostClaimRecords,
  hrPullRecords,
  idempotencyRecords,
  importFileRecords,
  importJobRecords,
  importPointerRecords,
  importRowRecords,
  importStepRecords,
  linkedUserRecords,
  logoutDeliveryRecords,
  logoutDueRecords,
  provisioningLogRecords,
  logoutAttemptRecords,
  metadataWatchRecords,
  dormancyWalkRecords,
  dormancyWarningRecords,
  lastSeenRecords,
  mailDueRecords,
  noticeMailRecords,
  noticeReadingRecords,
  noticeRecords,
  toldOnceRecords,
  seatAlertRecords,
  samlKeyRecords,
  receivedTokenRecords,
  seatContractRecords,
  seatDayRecords,
  recentLogoutRecords,
  sessionRecords,
  setUpCodeRecords,
  signInRecords,
  signingKeyRecords,
  statusBatchHeadRecords,
  statusBatchRecords,
  undoableRecords,
  usedAssertionRecords,
  usedOnceRecords,
  verifiedDomainRecords,
];
