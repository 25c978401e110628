// Shows a person that they are refused: the page of refusal-page.ts with a reference and whom their organisation says to ask, in their language.

import type { Request, Response } from 'express';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { helpFor, organizationIn } from './help.ts';
import { sendPage, translatorFor } from './page.ts';
import { createNotFoundPage, createRefusalPage, type RefusalWords } from './refusal-page.ts';

export interface Refusal extends Omit<RefusalWords, 'contact' | 'reference'> {
  readonly status: number;
  /** Whose contact is shown; left out where no organisation is known. */
  readonly organizationId?: OrganizationId | undefined;
  /** Of the record, where there is one. */
  readonly reference?: string | null;
}

type Place = Pick<GateContext, 'storage'>;

/** Sends the page. Never throws. */
export async function showRefusal(
  context: Place,
  request: Request,
  response: Response,
  { status, organizationId, reference, ...words }: Refusal,
): Promise<void> {
  const help = await helpFor(context, request, organizationId, reference);
  const translator = translatorFor(request);
  sendPage(response, status, translator, createRefusalPage(translator, { ...words, ...help }));
}

/** There is no such sign-in below the organisation that the path names, if it is one. Never throws. */
export async function showNotFound(context: Place, request: Request, response: Response): Promise<void> {
  const help = await helpFor(context, request, organizationIn(request));
  const translator = translatorFor(request);
  sendPage(response, 404, translator, createNotFoundPage(translator, help));
}
