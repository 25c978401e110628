// Shows a person that they are refused: the page of refusal-page.ts with whom their organisation says to ask, in their language.

import type { Request, Response } from 'express';
import type { OrganizationId } from '#directory/identifiers.ts';
import type { GateContext } from '../gate-context.ts';
import { sendPage, translatorFor } from './page.ts';
import { createRefusalPage, type RefusalWords } from './refusal-page.ts';

export interface Refusal extends Omit<RefusalWords, 'contact'> {
  readonly status: number;
  /** Whose contact is shown; left out where no organisation is known. */
  readonly organizationId?: OrganizationId;
}

/** Sends the page. Throws `StorageError` when the store is away. */
export async function showRefusal(
  context: Pick<GateContext, 'storage'>,
  request: Request,
  response: Response,
  { status, organizationId, ...words }: Refusal,
): Promise<void> {
  const organization = organizationId === undefined ? null : await context.storage.organizations.get(organizationId);
  const contact = organization?.contact;
  const translator = translatorFor(request);
  const page = createRefusalPage(translator, { ...words, ...(contact === undefined ? {} : { contact }) });
  sendPage(response, status, translator, page);
}
