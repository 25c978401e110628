// The write side as its mouths are given it: the functions of this folder, bound to storage, clock and relay.

import type { OrganizationId } from '#directory/identifiers.ts';
import { changeOrganization, createOrganization } from './administer-organization.ts';
import { changeSeats, recountSeats } from './administer-seats.ts';
import { assignRoles, deactivateUser, endSessions, reactivateUser } from './administer-user.ts';
import { createBrakes, decideAboutBrake, readBrakes } from './brake.ts';
import { changeDepartment, createDepartment } from './change-department.ts';
import { changeGroup, createGroup, removeGroup } from './change-group.ts';
import { changeUser } from './change-user.ts';
import { wasDeleted } from './deleted-names.ts';
import { holdForSecurity } from './security-signal.ts';
import { createCustomSchemas, type CustomSchemaAdministration } from './custom-schemas.ts';
import { moveInQueue } from './move-in-queue.ts';
import { changeLeavePlan, endLeaveNow, planLeave } from './plan-leave.ts';
import { provisionUser } from './provision-user.ts';
import type { ProvisioningContext } from './provisioning-context.ts';
import { removeDepartment } from './remove-department.ts';
import { removeUser } from './remove-user.ts';
import { previewStatus, reportStatus, undoReport } from './report-status.ts';
import { runDueLeaves } from './run-due.ts';
import { planSeatContract } from './seat-contract.ts';
import { promoteWaiting } from './seat-queue.ts';
import { removeBudget, setBudget } from './seat-budgets.ts';
import { undoChange } from './undo-change.ts';
import { createTurns } from './turns.ts';

type Bound<F> = F extends (context: ProvisioningContext, ...rest: infer Rest) => infer Result
  ? (...rest: Rest) => Result
  : never;

export interface Provisioning {
  readonly provisionUser: Bound<typeof provisionUser>;
  readonly changeUser: Bound<typeof changeUser>;
  readonly removeUser: Bound<typeof removeUser>;
  readonly deactivateUser: Bound<typeof deactivateUser>;
  readonly reactivateUser: Bound<typeof reactivateUser>;
  readonly assignRoles: Bound<typeof assignRoles>;
  readonly endSessions: Bound<typeof endSessions>;
  readonly planLeave: Bound<typeof planLeave>;
  readonly changeLeavePlan: Bound<typeof changeLeavePlan>;
  readonly endLeaveNow: Bound<typeof endLeaveNow>;
  readonly runDueLeaves: Bound<typeof runDueLeaves>;
  readonly reportStatus: Bound<typeof reportStatus>;
  readonly previewStatus: Bound<typeof previewStatus>;
  readonly undoReport: Bound<typeof undoReport>;
  readonly holdForSecurity: Bound<typeof holdForSecurity>;
  readonly wasDeleted: Bound<typeof wasDeleted>;
  readonly createGroup: Bound<typeof createGroup>;
  readonly changeGroup: Bound<typeof changeGroup>;
  readonly removeGroup: Bound<typeof removeGroup>;
  readonly createDepartment: Bound<typeof createDepartment>;
  readonly changeDepartment: Bound<typeof changeDepartment>;
  readonly removeDepartment: Bound<typeof removeDepartment>;
  readonly createOrganization: Bound<typeof createOrganization>;
  readonly changeOrganization: Bound<typeof changeOrganization>;
  readonly changeSeats: Bound<typeof changeSeats>;
  readonly recountSeats: Bound<typeof recountSeats>;
  readonly planSeatContract: Bound<typeof planSeatContract>;
  readonly setBudget: Bound<typeof setBudget>;
  readonly removeBudget: Bound<typeof removeBudget>;
  readonly moveInQueue: Bound<typeof moveInQueue>;
  readonly undoChange: Bound<typeof undoChange>;
  readonly customSchemas: CustomSchemaAdministration;
  readonly decideAboutBrake: Bound<typeof decideAboutBrake>;
  readonly readBrakes: Bound<typeof readBrakes>;
  readonly promoteWaiting: (organizationId: OrganizationId) => Promise<number>;
}

export function createProvisioning(outside: ProvisioningContext): Provisioning {
  const context: ProvisioningContext = { ...outside, brakes: createBrakes(outside) };
  // Identity providers change one group in parallel (scim.md 2.2). People are left alone: nothing may hold a lock-out up.
  const turns = createTurns();
  return {
    provisionUser: provisionUser.bind(null, context),
    changeUser: changeUser.bind(null, context),
    removeUser: removeUser.bind(null, context),
    deactivateUser: deactivateUser.bind(null, context),
    reactivateUser: reactivateUser.bind(null, context),
    assignRoles: assignRoles.bind(null, context),
    endSessions: endSessions.bind(null, context),
    planLeave: planLeave.bind(null, context),
    changeLeavePlan: changeLeavePlan.bind(null, context),
    endLeaveNow: endLeaveNow.bind(null, context),
    runDueLeaves: runDueLeaves.bind(null, context),
    reportStatus: reportStatus.bind(null, context),
    previewStatus: previewStatus.bind(null, context),
    undoReport: undoReport.bind(null, context),
    holdForSecurity: holdForSecurity.bind(null, context),
    wasDeleted: wasDeleted.bind(null, context),
    createGroup: createGroup.bind(null, context),
    changeGroup: (organizationId, id, ...rest) =>
      turns(`${organizationId}/${id}`, () => changeGroup(context, organizationId, id, ...rest)),
    removeGroup: (organizationId, id, ...rest) =>
      turns(`${organizationId}/${id}`, () => removeGroup(context, organizationId, id, ...rest)),
    createDepartment: (organizationId, ...rest) =>
      turns(`departments of ${organizationId}`, () => createDepartment(context, organizationId, ...rest)),
    changeDepartment: (organizationId, ...rest) =>
      turns(`departments of ${organizationId}`, () => changeDepartment(context, organizationId, ...rest)),
    removeDepartment: (organizationId, ...rest) =>
      turns(`departments of ${organizationId}`, () => removeDepartment(context, organizationId, ...rest)),
    createOrganization: createOrganization.bind(null, context),
    changeOrganization: changeOrganization.bind(null, context),
    changeSeats: changeSeats.bind(null, context),
    recountSeats: recountSeats.bind(null, context),
    planSeatContract: planSeatContract.bind(null, context),
    setBudget: setBudget.bind(null, context),
    removeBudget: removeBudget.bind(null, context),
    moveInQueue: moveInQueue.bind(null, context),
    undoChange: undoChange.bind(null, context),
    customSchemas: createCustomSchemas(context),
    decideAboutBrake: decideAboutBrake.bind(null, context),
    readBrakes: readBrakes.bind(null, context),
    promoteWaiting: promoteWaiting.bind(null, context),
  };
}
