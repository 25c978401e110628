// Notices: listed in the reader's language, marked as read per reader; their mails, and a mail to try the settings out.

import type { Actor } from '#directory/actor.ts';
import type { UserId } from '#directory/identifiers.ts';
import { DirectoryError } from '#directory/directory-error.ts';
import { isNoticeCode } from '#directory/notice.ts';
import { createTranslator, type Translator } from '#messages/translator.ts';
import { addressOf, sendTo } from '#notices/deliver-mails.ts';
import {
  countUnread,
  findUnknown,
  listNotices,
  markRead,
  markReadUpTo,
  type ListedNotice,
  type NoticeDesk,
} from '#notices/list-notices.ts';
import { listMails, retryMail, type StoredMail } from '#notices/mail-records.ts';
import { MailError } from '#notices/mailer.ts';
import { writeNotice } from '#notices/notice-text.ts';
import * as contract from './admin-contract.ts';
import {
  defineOperation,
  paramOf,
  toIso,
  type AdminContext,
  type OperationCall,
  type Operation,
} from './admin-operation.ts';
import { AdminError } from './admin-problem.ts';
import { readCursor, toPage, writeCursor } from './paging.ts';

const base = '/organizations/:org/notices';
const mails = '/organizations/:org/mails';

export const noticeOperations: readonly Operation[] = [
  defineOperation({
    id: 'notices.list',
    method: 'get',
    path: base,
    summary: 'Notices, newest first, in the language of Accept-Language; and how many this reader has not read',
    query: contract.noticeQuery,
    answer: contract.noticePage,
    run: async (context, call) => {
      await context.settleEffects();
      const { limit, cursor, code, level, unread } = call.query;
      const after = readCursor(cursor);
      if (code !== undefined && !isNoticeCode(code))
        throw new DirectoryError('invalidValue', 'There are no notices of this code.', { field: 'code' });
      const desk = deskOf(context, call);
      const { items, next } = await listNotices(desk, {
        limit,
        ...(code === undefined ? {} : { code }),
        ...(level === undefined ? {} : { level }),
        ...(unread === undefined ? {} : { unread: unread === 'true' }),
        ...(after === undefined ? {} : { after }),
      });
      const translator = createTranslator(call.acceptLanguage);
      return {
        body: {
          items: items.map((notice) => toNoticeAnswer(notice, translator)),
          next: next === null ? null : writeCursor(next),
          unread: await countUnread(desk),
        },
        headers: { 'Content-Language': translator.language },
      };
    },
  }),
  defineOperation({
    id: 'notices.read',
    method: 'post',
    path: `${base}/read`,
    summary: 'Mark notices as read by this reader: some, or one and all before it',
    body: contract.noticesRead,
    answer: contract.noticesReadAnswer,
    // A mark is the reader's own, as a bookmark is: whoever may only read may have one.
    readsOnly: true,
    run: async (context, call) => {
      const { ids = [], upTo } = call.body;
      const desk = deskOf(context, call);
      if ((await findUnknown(desk, upTo === undefined ? ids : [upTo])).length > 0)
        throw new AdminError('noticeNotFound', 'There is no such notice.');
      if (upTo === undefined) await markRead(desk, ids);
      else await markReadUpTo(desk, upTo);
      return { body: { unread: await countUnread(desk) } };
    },
  }),
  defineOperation({
    id: 'notices.test',
    method: 'post',
    path: `${base}/test`,
    summary: 'Send a mail to a user now, to try the mail settings out; the answer says what the mail server said',
    body: contract.mailTest,
    answer: contract.mailTested,
    run: async (context, call) => {
      const { mailer } = context;
      if (mailer === null)
        throw new AdminError('mailNotConfigured', 'No mail server is configured: FURLOUGH_MAIL_URL.');
      const user = await context.storage.users.get(call.organization.id, call.body.user as UserId);
      if (user === null || user.deletedAt !== undefined)
        throw new DirectoryError('userNotFound', 'There is no such user.');
      const address = addressOf(user);
      if (!user.active || address === undefined) {
        const why = user.active ? 'This user has no e-mail address.' : 'Inactive people get no mail.';
        throw new DirectoryError('invalidValue', why, { field: 'user' });
      }
      const id = `test-${context.now()}-${user.id}`;
      const mail = { id, organization: call.organization, user, address, code: 'test', values: {} } as const;
      try {
        await sendTo({ mailer, baseUrl: context.config.baseUrl }, mail);
        return { body: { outcome: 'sent', to: address } };
      } catch (error) {
        if (!(error instanceof MailError)) throw error;
        return { body: { outcome: 'failed', to: address, error: error.message } };
      }
    },
  }),
  defineOperation({
    id: 'mails.list',
    method: 'get',
    path: mails,
    summary: 'Mails of notices, by person and state: what waits, what was sent, what was given up and why',
    query: contract.mailQuery,
    answer: contract.pageOf(contract.mailAnswer),
    run: async (context, call) => {
      const { limit, cursor, state, user } = call.query;
      const after = readCursor(cursor);
      const found = await listMails(context.storage, context.now(), call.organization.id, {
        limit: limit + 1,
        ...(state === undefined ? {} : { state }),
        ...(user === undefined ? {} : { user }),
        ...(after === undefined ? {} : { after }),
      });
      const page = toPage(found, limit, ({ id }) => id);
      return { body: { items: page.items.map(toMailAnswer), next: page.next } };
    },
  }),
  defineOperation({
    id: 'mails.retry',
    method: 'post',
    path: `${mails}/:id/retry`,
    summary: 'Try a mail again that was given up or dropped; one that was sent is not sent twice',
    answer: contract.mailAnswer,
    run: async (context, call) => {
      const id = paramOf(call, 'id');
      const mail = /^[\w.-]{1,200}$/.test(id)
        ? await retryMail(context.storage, context.now(), call.organization.id, id)
        : null;
      if (mail === null) throw new AdminError('mailNotFound', 'There is no such mail.');
      return { body: toMailAnswer(mail) };
    },
  }),
];

function deskOf(context: AdminContext, call: OperationCall): NoticeDesk {
  const { storage } = context;
  return { storage, now: context.now(), organizationId: call.organization.id, reader: readerOf(call.by.actor) };
}

/** Whose bell it is: the person's, if the credential has an owner. */
function readerOf(actor: Actor): string {
  return actor.kind === 'administrator' ? (actor.user ?? actor.credential ?? 'unknown') : actor.kind;
}

function toNoticeAnswer({ id, at, code, level, values, roles, about, isRead }: ListedNotice, translator: Translator) {
  const { title, text } = writeNotice(translator, code, values);
  const named = about === undefined ? {} : { about };
  return { id, at: toIso(at), code, level, title, text, values, roles, ...named, read: isRead };
}

function toMailAnswer({ id, value: { user, code, state, queuedAt, nextAt, attempts, sentAt, error } }: StoredMail) {
  return {
    id,
    user,
    code,
    state,
    queuedAt: toIso(queuedAt),
    ...(state === 'waiting' ? { nextAt: toIso(nextAt) } : {}),
    attempts,
    ...(sentAt === undefined ? {} : { sentAt: toIso(sentAt) }),
    ...(error === undefined ? {} : { error }),
  };
}
