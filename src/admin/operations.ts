// All operations of the admin API. Order matters only for reading.

import { appOperations } from './app-endpoints.ts';
import { auditOperations } from './audit-endpoints.ts';
import { brakeOperations } from './brake-endpoints.ts';
import { connectionOperations } from './connection-endpoints.ts';
import { credentialOperations } from './credential-endpoints.ts';
import { departmentOperations } from './department-endpoints.ts';
import { domainOperations } from './domain-endpoints.ts';
import type { Operation } from './admin-operation.ts';
import { hrBatchOperations } from './hr-batch-endpoints.ts';
import { hrPullOperations } from './hr-pull-endpoints.ts';
import { exportOperations } from './export-endpoints.ts';
import { importOperations } from './import-endpoints.ts';
import { leaveOperations } from './leave-endpoints.ts';
import { logoutDeliveryOperations } from './logout-delivery-endpoints.ts';
import { metadataOperations } from './metadata-endpoints.ts';
import { noticeOperations } from './notice-endpoints.ts';
import { organizationOperations } from './organization-endpoints.ts';
import { provisioningLogOperations } from './provisioning-log-endpoints.ts';
import { samlKeyOperations } from './saml-key-endpoints.ts';
import { schemaOperations } from './schema-endpoints.ts';
import { seatOperations } from './seat-endpoints.ts';
import { seatBudgetOperations } from './seat-budget-endpoints.ts';
import { seatHistoryOperations } from './seat-history-endpoints.ts';
import { waitingListOperations } from './waiting-list-endpoints.ts';
import { sessionOperations } from './session-endpoints.ts';
import { signInOperations } from './sign-in-endpoints.ts';
import { signingKeyOperations } from './signing-key-endpoints.ts';
import { undoOperations } from './undo-endpoints.ts';
import { userOperations } from './user-endpoints.ts';

export function listOperations(): readonly Operation[] {
  return [
    ...organizationOperations,
    ...credentialOperations,
    ...connectionOperations,
    ...brakeOperations,
    ...hrPullOperations,
    ...hrBatchOperations,
    ...domainOperations,
    ...appOperations,
    ...signingKeyOperations,
    ...samlKeyOperations,
    ...metadataOperations,
    ...schemaOperations,
    ...userOperations,
    ...undoOperations,
    ...sessionOperations,
    ...leaveOperations,
    ...departmentOperations,
    ...importOperations,
    ...exportOperations,
    ...seatOperations,
    ...seatBudgetOperations,
    ...seatHistoryOperations,
    ...waitingListOperations,
    ...noticeOperations,
    ...signInOperations,
    ...logoutDeliveryOperations,
    ...provisioningLogOperations,
    ...auditOperations,
  ];
}

/** The operation of an id, for the CLI. */
export function operationOf(id: string): Operation {
  const operation = listOperations().find((candidate) => candidate.id === id);
  if (operation === undefined) throw new TypeError(`There is no operation ${id}.`);
  return operation;
}
