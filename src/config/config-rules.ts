// Rules that concern more than one option, and what is computed from them. All faults are collected, none is thrown here.

import { resolve } from 'node:path';
import type { ConfigValues } from './config-schema.ts';
import { faultsOfMail } from './mail-options.ts';

/** `memory`: gone when the server stops. `path` is absolute. */
export type StorageAddress =
  | { readonly kind: 'sqlite'; readonly path: string | null }
  | { readonly kind: 'mongodb'; readonly uri: string };

/** The faults between options, each a sentence that names the option. */
export function findFaults(values: ConfigValues): readonly string[] {
  const faults: string[] = [];
  const { session, limits, server } = values;
  if (server.baseUrl !== undefined) faults.push(...faultsOfBaseUrl(server.baseUrl));
  if (session.idleHours > session.absoluteHours) {
    faults.push(
      'FURLOUGH_SESSION_IDLE_HOURS (session.idleHours) must not exceed FURLOUGH_SESSION_ABSOLUTE_HOURS (session.absoluteHours)',
    );
  }
  if (limits.scim.burst < limits.scim.perSecond) {
    faults.push(
      'FURLOUGH_LIMITS_SCIM_BURST (limits.scim.burst) must not be lower than FURLOUGH_LIMITS_SCIM_PER_SECOND (limits.scim.perSecond)',
    );
  }
  if (limits.openid.burst < limits.openid.perSecond) {
    faults.push(
      'FURLOUGH_LIMITS_OPENID_BURST (limits.openid.burst) must not be lower than FURLOUGH_LIMITS_OPENID_PER_SECOND (limits.openid.perSecond)',
    );
  }
  if (values.storage.startsWith('mongodb') && values.secret === undefined) {
    faults.push(
      'FURLOUGH_SECRET (secret) is required with MongoDB: every node needs the same. Make one with: openssl rand -base64 32',
    );
  }
  faults.push(...faultsOfMail(values.mail));
  const given = Object.values(values.bootstrap).filter((secret) => secret !== undefined);
  if (new Set(given).size < given.length)
    faults.push('FURLOUGH_BOOTSTRAP_… (bootstrap): each secret must be a different one');
  return faults;
}

function faultsOfBaseUrl(text: string): readonly string[] {
  const name = 'FURLOUGH_BASE_URL (server.baseUrl)';
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:'))
    return [`${name} must be an address such as https://people.example.com`];
  const faults: string[] = [];
  if (url.protocol === 'http:' && !isLoopback(url.hostname))
    faults.push(`${name} must be https; http is for loopback (localhost, 127.0.0.1) only`);
  if (url.username !== '' || url.password !== '') faults.push(`${name} must not contain a user name or password`);
  if (url.search !== '' || url.hash !== '') faults.push(`${name} must not have a query or a fragment`);
  return faults;
}

/** Whether a host name of a URL means this machine. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(\.\d{1,3}){3}$/.test(hostname)
  );
}

/** The base URL without a slash at its end, so that paths can be appended. */
export function toBaseUrl(values: ConfigValues): string {
  const url = new URL(values.server.baseUrl ?? `http://localhost:${values.server.port}`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

/** Where storage is; relative paths count from `folder`. */
export function toStorageAddress(text: string, folder: string): StorageAddress {
  if (!text.startsWith('sqlite:')) return { kind: 'mongodb', uri: text };
  const path = text.slice('sqlite:'.length);
  return { kind: 'sqlite', path: path === ':memory:' ? null : resolve(folder, path) };
}
