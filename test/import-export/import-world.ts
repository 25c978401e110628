// The admin API with files: sends one, lets the worker do it, answers what became of it.

import type { Test } from 'supertest';
import { runImports } from '#import-export/run-import.ts';
import type { Storage } from '#storage/storage.ts';
import { openAdminHouse, type AdminHouse } from '../admin/admin-house.ts';

export const imports = '/organizations/acme/imports';
export const exportsPath = '/organizations/acme/exports';

// The shape of an answer is what the tests find out.
export type Body = Record<string, any>; // oxlint-disable-line no-explicit-any

export interface ImportWorld extends AdminHouse {
  send(file: string | Buffer, query: string, key?: string): Test;
  /** Works on all imports there are. */
  work(): Promise<void>;
  /** Sends a file, has it done, answers the import. */
  run(file: string | Buffer, query: string): Promise<Body>;
  show(id: string): Promise<Body>;
  rows(id: string): Promise<readonly Body[]>;
  /** The import after it was taken back. */
  undo(id: string): Promise<Body>;
  export(file: string): Promise<Buffer>;
  person(userName: string): Promise<Body>;
}

export async function openImportWorld(storage: Storage, licensed: number | null = 50): Promise<ImportWorld> {
  const house = await openAdminHouse(storage, licensed);
  const work = (): Promise<void> => runImports(house.context.imports);
  const ok = async (test: Test, status = 200): Promise<Body> => {
    const { status: got, body } = await test;
    if (got !== status) throw new Error(`${got} ${JSON.stringify(body)}`);
    return body as Body;
  };
  const show = (id: string): Promise<Body> => ok(house.call('get', `${imports}/${id}`));
  const send = (file: string | Buffer, query: string, key?: string): Test =>
    house.call('post', `${imports}?${query}`, undefined, key).type('text/csv').send(file);
  return {
    ...house,
    send,
    work,
    show,
    async run(file, query) {
      const { id } = await ok(send(file, query), 202);
      await work();
      return show(id as string);
    },
    rows: async (id) => (await ok(house.call('get', `${imports}/${id}/rows`)))['items'] as readonly Body[],
    async undo(id) {
      await ok(house.call('post', `${imports}/${id}/undo`), 202);
      await work();
      return show(id);
    },
    async export(file) {
      const { status, body, headers } = await house
        .call('get', `${exportsPath}/${file}`)
        .buffer(true)
        .parse((response, done) => {
          const pieces: Buffer[] = [];
          response.on('data', (piece: Buffer) => pieces.push(Buffer.from(piece)));
          response.on('end', () => done(null, Buffer.concat(pieces)));
        });
      if (status !== 200) throw new Error(`${status} ${String(body)} ${JSON.stringify(headers)}`);
      return body as Buffer;
    },
    async person(userName) {
      const query = `userName=${encodeURIComponent(userName)}`;
      const { items } = await ok(house.call('get', `/organizations/acme/users?${query}`));
      return (items as Body[])[0] ?? {};
    },
  };
}

/** A row of Kintone's users file: these cells, and `*` in all others. */
export function kintoneRow(login: string, cells: Readonly<Record<number, string>> = {}): string {
  return Array.from({ length: 25 }, (_, index) => (index === 0 ? login : (cells[index] ?? '*'))).join(',');
}
