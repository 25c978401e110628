// Who did it: every change names its actor and the mouth it came through. The list of mouths is closed and tested (L01).

import type { ConnectionId, CredentialId, OrganizationId, UserId } from './identifiers.ts';

/** The doors through which a change can come. A new one is added here and to the lock-out test. */
export const mouths = [
  'scimPost',
  'scimPut',
  'scimPatch',
  'scimDelete',
  'adminApi',
  'hrFeed',
  'csvImport',
  'cli',
  'ownSessions',
  'signIn',
  'securitySignal',
  'seatQueue',
  'schedule',
  'bootstrap',
] as const;
export type Mouth = (typeof mouths)[number];

export type Actor =
  | { readonly kind: 'connection'; readonly connection: ConnectionId; readonly credential?: CredentialId }
  | {
      readonly kind: 'administrator';
      readonly credential?: CredentialId;
      /** Whose credential it is: one of scope `instance` reaches other organisations, too. */
      readonly credentialOf?: OrganizationId;
      readonly user?: UserId;
      readonly name?: string;
    }
  | { readonly kind: 'cli' }
  | { readonly kind: 'person'; readonly user: UserId }
  | { readonly kind: 'system'; readonly name: string };

/** The actor in one line for logs, holds and audit entries, for example `connection:default`. */
export function describeActor(actor: Actor): string {
  switch (actor.kind) {
    case 'connection':
      return `connection:${actor.connection}`;
    case 'administrator':
      return `administrator:${actor.user ?? actor.name ?? actor.credential ?? 'unknown'}`;
    case 'cli':
      return 'cli';
    case 'person':
      return `person:${actor.user}`;
    case 'system':
      return `system:${actor.name}`;
    default:
      return actor satisfies never;
  }
}
