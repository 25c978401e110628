// A file of an organisation's people or departments. It is gone through once before its first byte, so that what the encoding cannot say is listed
// instead of a file that says something else.

import type { OrganizationId } from '#directory/identifiers.ts';
import { columnsOf } from './csv-columns.ts';
import { byteOrderMark, writeLine, type WritingOptions } from './csv-writing.ts';
import { exportRows, headerOf, type ExportOptions } from './export-rows.ts';
import type { ImportContext } from './import-context.ts';
import { ImportError } from './import-error.ts';
import { lackingCharacters } from './text-encoding.ts';

export interface FileExport extends ExportOptions, WritingOptions {
  readonly header: boolean;
}

const mostListed = 50;
const blockBytes = 32 * 1024;

/** Throws `ImportError` `notEncodable` that lists row, column and characters; `StorageError`. */
export async function exportFile(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  options: FileExport,
): Promise<AsyncGenerator<Uint8Array>> {
  await assertEncodable(context, organizationId, options);
  return writeFile(context, organizationId, options);
}

async function assertEncodable(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  options: FileExport,
): Promise<void> {
  const columns = columnsOf(options.kind, options.preset);
  const errors: { pointer: string; detail: string }[] = [];
  let rows = 0;
  let line = options.header ? 1 : 0;
  for await (const cells of exportRows(context, organizationId, options)) {
    line += 1;
    if (writeLine(cells, options) !== null) continue;
    rows += 1;
    for (const [index, cell] of cells.entries()) {
      const lacking = lackingCharacters(cell, options.encoding);
      if (lacking.length === 0 || errors.length >= mostListed) continue;
      const column = columns[index]?.key ?? 'department';
      errors.push({
        pointer: `/${line}/${column}`,
        detail: `${cells[0]}: ${lacking.map(describeCharacter).join(', ')}`,
      });
    }
  }
  if (rows > 0)
    throw new ImportError(
      'notEncodable',
      `${rows === 1 ? 'One row has' : `${rows} rows have`} characters that ${options.encoding} lacks. Export as UTF-8, or change them first.`,
      errors,
    );
}

function describeCharacter(character: string): string {
  return `${character} (U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')})`;
}

async function* writeFile(
  context: Pick<ImportContext, 'storage' | 'now'>,
  organizationId: OrganizationId,
  options: FileExport,
): AsyncGenerator<Uint8Array> {
  let block: Uint8Array[] = options.mark && options.encoding === 'utf-8' ? [byteOrderMark] : [];
  let size = 0;
  const add = (cells: readonly string[]): void => {
    const line = writeLine(cells, options);
    // Written since the look before the first byte: a file cut short is better than one that says something else.
    if (line === null) throw new ImportError('notEncodable', `A row has characters that ${options.encoding} lacks.`);
    block.push(line);
    size += line.length;
  };
  if (options.header) add(headerOf(options));
  for await (const cells of exportRows(context, organizationId, options)) {
    add(cells);
    if (size < blockBytes) continue;
    yield Buffer.concat(block);
    [block, size] = [[], 0];
  }
  if (block.length > 0) yield Buffer.concat(block);
}
