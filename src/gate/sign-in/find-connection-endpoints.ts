// The pages by which people without a link of their own find their sign-in: an e-mail address, for the whole instance or beside an organisation's
// choices. The answer hangs on the domain alone. It is a page that leads on, not a redirect: browsers hold redirects of a form to our own pages.

import type { Request, RequestHandler, Response } from 'express';
import type { Organization } from '#directory/organization.ts';
import { readBody } from '#http/body-limits.ts';
import { RequestError } from '#http/request-error.ts';
import type { SignInConnection } from '../connections/sign-in-connection.ts';
import type { GateContext } from '../gate-context.ts';
import { createChooserPage } from '../pages/chooser-page.ts';
import { createFindPage, createOnwardPage } from '../pages/find-page.ts';
import { sendPage, translatorFor } from '../pages/page.ts';
import { showNotFound, showRefusal } from '../pages/show-refusal.ts';
import { listRouted, readLoginHint } from './find-connection.ts';
import { readAlong, type Along } from './sign-in-query.ts';

const maxFormBytes = 16_384;
const badForm = { status: 400, sentence: 'badForm' } as const;

/** `GET /sso/login?return_to=&prompt=&max_age=` */
export function findShow(context: GateContext): RequestHandler {
  return (request, response) => {
    sendFind(context, request, response, readAlong(new URLSearchParams(queryOf(request))), false);
  };
}

/** `POST /sso/login`, a form with `email` */
export function findAnswer(context: GateContext): RequestHandler {
  return async (request, response) => {
    const form = await readFields(request);
    if (form === null) return showRefusal(context, request, response, badForm);
    const address = readLoginHint(form.get('email'));
    const [connection] = await listRouted(context, address);
    if (address === undefined || connection === undefined)
      return sendFind(context, request, response, readAlong(form), true);
    sendOnward(context, request, response, connection, address, readAlong(form));
  };
}

/** `POST /sso/{org}/login`, a form with `email`: on to the connection, or back to the choice. */
export function chooseByAddress(
  context: GateContext,
  findOrganization: (request: Request) => Promise<Organization | null>,
  listAll: (organization: Organization) => Promise<readonly SignInConnection[]>,
): RequestHandler {
  return async (request, response) => {
    const organization = await findOrganization(request);
    if (organization === null) return showNotFound(context, request, response);
    const form = await readFields(request);
    if (form === null) return showRefusal(context, request, response, { ...badForm, organizationId: organization.id });
    const address = readLoginHint(form.get('email'));
    const [connection] = await listRouted(context, address, organization.id);
    if (address !== undefined && connection !== undefined)
      return sendOnward(context, request, response, connection, address, readAlong(form));
    const all = await listAll(organization);
    if (all.length === 0) return showNotFound(context, request, response);
    sendChooser(context, request, response, organization, all, readAlong(form), true);
  };
}

/** `unknown`: an address was given that leads nowhere. */
export function sendChooser(
  context: GateContext,
  request: Request,
  response: Response,
  organization: Pick<Organization, 'id' | 'name'>,
  connections: readonly SignInConnection[],
  along: Along,
  unknown = false,
): void {
  const action = `${context.config.baseUrl}/sso/${organization.id}/login`;
  const choices = connections.map((connection) => ({
    name: connection.name,
    href: linkTo(action, { connection: connection.id, ...along }),
  }));
  const translator = translatorFor(request);
  const words = { organization: organization.name, choices, action, unknown, fields: along };
  sendPage(response, 200, translator, createChooserPage(translator, words));
}

function sendFind(context: GateContext, request: Request, response: Response, along: Along, unknown: boolean): void {
  const translator = translatorFor(request);
  const action = `${context.config.baseUrl}/sso/login`;
  sendPage(response, 200, translator, createFindPage(translator, { action, unknown, fields: along }));
}

/** The organisation's own address takes it from here: where several connections share the domain, it lets choose. */
function sendOnward(
  context: GateContext,
  request: Request,
  response: Response,
  { organizationId }: SignInConnection,
  address: string,
  along: Along,
): void {
  const login = `${context.config.baseUrl}/sso/${organizationId}/login`;
  const translator = translatorFor(request);
  const href = linkTo(login, { login_hint: address, ...along });
  sendPage(response, 200, translator, createOnwardPage(translator, href));
}

/** The form's fields; null for what is none. */
async function readFields(request: Request): Promise<URLSearchParams | null> {
  const type = (request.headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type !== 'application/x-www-form-urlencoded') return null;
  try {
    return new URLSearchParams((await readBody(request, maxFormBytes)).toString('utf8'));
  } catch (error) {
    if (error instanceof RequestError) return null;
    throw error;
  }
}

function linkTo(address: string, parameters: Readonly<Record<string, string>>): string {
  return `${address}?${new URLSearchParams(parameters).toString()}`;
}

function queryOf(request: Request): string {
  const question = request.originalUrl.indexOf('?');
  return question === -1 ? '' : request.originalUrl.slice(question + 1);
}
