// Every way in which an account can be switched off, by the mouth it goes through. A new mouth that can do it belongs here (L01).

import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import type { Mouth } from '#directory/actor.ts';
import { patchOp, type Company } from './company.ts';

export interface WayOut {
  readonly name: string;
  readonly mouth: Mouth;
  /** Switches the user off and answers an HTTP-like status. */
  readonly act: (company: Company, id: string) => Promise<number>;
}

/** Mouths that can switch nobody off, and why. */
export const cannotSwitchOff: Readonly<Partial<Record<Mouth, string>>> = {
  scimPost: 'creates, or restores whoever is inactive already',
  ownSessions: 'ends a person’s own sessions, and changes no status',
  signIn: 'makes users, and switches nobody off',
  seatQueue: 'only lifts the hold of people who wait',
  bootstrap: 'runs on an empty store',
};

/** Mouths whose clock a running server cannot be given: the test that tries them with a clock of its own. */
export const triedWithOwnClock: Readonly<Partial<Record<Mouth, string>>> = {
  schedule: 'test/admin/admin-leaves.test.ts',
};

const patch = (operation: object) => async (company: Company, id: string) =>
  (await company.scim('PATCH', `/Users/${id}`, { schemas: [patchOp], Operations: [operation] })).status;

export const waysOut: readonly WayOut[] = [
  { name: 'SCIM PATCH without path', mouth: 'scimPatch', act: patch({ op: 'replace', value: { active: false } }) },
  { name: 'SCIM PATCH with path', mouth: 'scimPatch', act: patch({ op: 'replace', path: 'active', value: false }) },
  { name: 'SCIM PATCH "False"', mouth: 'scimPatch', act: patch({ op: 'Replace', path: 'active', value: 'False' }) },
  {
    name: 'SCIM PATCH without path "false"',
    mouth: 'scimPatch',
    act: patch({ op: 'Replace', value: { active: 'false' } }),
  },
  { name: 'SCIM PATCH add', mouth: 'scimPatch', act: patch({ op: 'Add', path: 'active', value: false }) },
  {
    name: 'SCIM PATCH by full name',
    mouth: 'scimPatch',
    act: patch({ op: 'replace', path: 'urn:ietf:params:scim:schemas:core:2.0:User:Active', value: false }),
  },
  {
    name: 'SCIM PUT',
    mouth: 'scimPut',
    act: async (company, id) => {
      const { body } = await company.scim('GET', `/Users/${id}`);
      return (await company.scim('PUT', `/Users/${id}`, { ...body, active: false })).status;
    },
  },
  {
    name: 'SCIM DELETE',
    mouth: 'scimDelete',
    act: async (company, id) => (await company.scim('DELETE', `/Users/${id}`)).status,
  },
  {
    name: 'SCIM Bulk',
    mouth: 'scimPatch',
    act: async (company, id) => {
      const data = { schemas: [patchOp], Operations: [{ op: 'replace', path: 'active', value: 'False' }] };
      const { body } = await company.scim('POST', '/Bulk', {
        schemas: ['urn:ietf:params:scim:api:messages:2.0:BulkRequest'],
        Operations: [{ method: 'PATCH', path: `/Users/${id}`, data }],
      });
      return Number(body['Operations'][0].status);
    },
  },
  {
    name: 'the admin API',
    mouth: 'adminApi',
    act: async (company, id) =>
      (await company.admin('POST', `/organizations/${company.organization}/users/${id}/deactivate`, { reason: 'Left' }))
        .status,
  },
  {
    name: 'the HR feed',
    mouth: 'hrFeed',
    act: async (company, id) => {
      const at = `/organizations/${company.organization}`;
      const { body: credential } = await company.admin('POST', `${at}/credentials`, { kind: 'hr', name: 'HR' });
      const { body: user } = await company.admin('GET', `${at}/users/${id}`);
      const line = { userName: user['userName'], status: 'terminated', effectiveAt: '2020-01-01' };
      const headers = { authorization: `Bearer ${credential['secret']}`, 'content-type': 'application/json' };
      const door = `${company.url}/hr/v1/status-changes`;
      const response = await fetch(door, { method: 'POST', headers, body: JSON.stringify([line]) });
      const { summary } = (await response.json()) as { summary?: { changed: number } };
      return summary?.changed === 1 ? response.status : 500;
    },
  },
  {
    name: 'a CSV import',
    mouth: 'csvImport',
    act: async (company, id) => {
      const at = `/organizations/${company.organization}`;
      const { body: user } = await company.admin('GET', `${at}/users/${id}`);
      const headers = {
        authorization: `Bearer ${company.environment['FURLOUGH_BOOTSTRAP_ADMIN_KEY']}`,
        'content-type': 'text/csv',
      };
      const body = `Login Name,Status\n"${user['userName']}",Inactive\n`;
      const door = `${company.url}/api/v1${at}/imports?kind=users`;
      const response = await fetch(door, { method: 'POST', headers, body });
      const { id: job } = (await response.json()) as { id: string };
      for (;;) {
        const { body: shown } = await company.admin('GET', `${at}/imports/${job}`);
        if (shown['state'] === 'done') return shown['outcomes'].changed === 1 ? 200 : 500;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
  },
  {
    name: 'a security signal',
    mouth: 'securitySignal',
    act: async (company, id) => {
      const { organization, openId, url } = company;
      const { body } = await company.admin('GET', `/organizations/${organization}/users/${id}`);
      const door = `${url}/sso/${organization}/second/security-events`;
      const token = await openId.sign('secevent+jwt', {
        iss: openId.issuer,
        aud: door,
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        sub_id: { format: 'iss_sub', iss: openId.issuer, sub: `sub-${body['userName']}` },
        events: { 'https://schemas.openid.net/secevent/risc/event-type/account-disabled': { reason: 'hijacking' } },
      });
      const headers = { 'content-type': 'application/secevent+jwt' };
      return (await fetch(door, { method: 'POST', headers, body: token })).status;
    },
  },
  {
    name: 'the CLI',
    mouth: 'cli',
    act: async (company, id) => {
      const words = ['user', 'deactivate', id, '--org', company.organization, '--reason', 'Left'];
      const { code } = await runCli(company.environment, words);
      return code === 0 ? 200 : 500 + code;
    },
  },
];

/** Runs `furlough` in a process of its own, on the store of a running server. */
export function runCli(
  environment: Readonly<Record<string, string>>,
  words: readonly string[],
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['src/cli/furlough.mjs', ...words], {
      env: { PATH: process.env['PATH'] ?? '', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const heard = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => (heard.stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (heard.stderr += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? 130, ...heard }));
  });
}
