/** The real store, with a word before and after every call the gate makes: what happens between two steps of a sign-in can be chosen. */
import type { RecordKind } from '#storage/record-store.ts';
import type { Storage } from '#storage/storage.ts';

export type Observer = (moment: string) => Promise<void>;

/** `observe` is awaited before and after each call; it may change the store meanwhile, or throw in the call's place. */
export function observeStorage(storage: Storage, observe: Observer): Storage {
  const watch = <Port extends object>(port: Port, name: string): Port =>
    new Proxy(port, {
      get(target, property, receiver) {
        const member: unknown = Reflect.get(target, property, receiver);
        if (typeof member !== 'function') return member;
        const call = `${name}.${String(property)}`;
        return async (...parts: unknown[]) => {
          await observe(`before ${call}`);
          const result: unknown = await Reflect.apply(member, target, parts);
          await observe(`after ${call}`);
          return result;
        };
      },
    });
  return {
    ...storage,
    kind: storage.kind,
    users: watch(storage.users, 'users'),
    organizations: watch(storage.organizations, 'organizations'),
    doors: watch(storage.doors, 'doors'),
    records: <Value>(kind: RecordKind<Value>) => watch(storage.records(kind), kind.name),
    ping: () => storage.ping(),
    isEmpty: () => storage.isEmpty(),
    close: () => storage.close(),
  };
}
