// `GET /people/{id}`: a person of the organisation, as a signed-in colleague sees them, also while they are inactive (surface.md). A page for browsers,
// JSON for whoever asks for it.

import type { Request, RequestHandler, Response } from 'express';
import type { UserId } from '#directory/identifiers.ts';
import { cardOf } from '#directory/person-card.ts';
import { sendProblem } from '#http/problem-details.ts';
import { createDepartmentReader } from '#storage/department-reader.ts';
import { wantsPage } from '../browser-request.ts';
import type { GateContext } from '../gate-context.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { createPersonPage, type ShownPerson } from '../pages/person-page.ts';
import { showRefusal } from '../pages/show-refusal.ts';
import { resumeSession } from '../sessions/resume-session.ts';
import { readSessionToken } from '../sessions/session-cookie.ts';
import { sendHeldOrNobody } from '../sessions/session-endpoints.ts';

/** Of another organisation, deleted or never there: one and the same 404. */
export function personShow(context: GateContext): RequestHandler<{ id: string }> {
  return async (request, response) => {
    response.setHeader('Cache-Control', 'no-store');
    response.setHeader('Vary', 'Accept, Cookie');
    const resumed = await resumeSession(context, readSessionToken(context, request.headers.cookie));
    if (resumed.kind !== 'signedIn') return sendHeldOrNobody(context, request, response, resumed);
    const { organizationId } = resumed.user;
    const person = await readPerson(context, organizationId, request.params.id as UserId);
    if (person === null) return sendUnknown(context, request, response, organizationId);
    if (!wantsPage(request.headers)) {
      response.json(person);
      return;
    }
    const translator = translatorFor(request);
    sendPage(response, 200, translator, createPersonPage(translator, person));
  };
}

async function readPerson(
  { storage, now }: GateContext,
  organizationId: Parameters<typeof storage.users.get>[0],
  id: UserId,
): Promise<ShownPerson | null> {
  const [user, organization] = await Promise.all([
    storage.users.get(organizationId, id),
    storage.organizations.get(organizationId),
  ]);
  if (user === null || user.deletedAt !== undefined) return null;
  const { departments = [], ...card } = cardOf(user, organization?.hiddenWhileInactive);
  if (departments.length === 0) return card;
  const ids = departments.map(({ value }) => value);
  const found = await createDepartmentReader(storage, now).getMany(organizationId, ids);
  const names = new Map(found.map((department) => [department.id, department.profile.name] as const));
  const named = departments.flatMap(({ value, primary, jobTitle }) => {
    const name = names.get(value);
    const titled = jobTitle === undefined ? {} : { jobTitle };
    return name === undefined ? [] : [{ id: value, name, primary: primary === true, ...titled }];
  });
  return { ...card, departments: named };
}

function sendUnknown(
  context: GateContext,
  request: Request,
  response: Response,
  organizationId: Parameters<GateContext['storage']['users']['get']>[0],
): Promise<void> | void {
  if (wantsPage(request.headers))
    return showRefusal(context, request, response, { status: 404, sentence: 'noPerson', organizationId });
  return sendProblem(response, { status: 404, code: 'userNotFound', detail: 'There is no such person.' });
}
