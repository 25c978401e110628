// Exports: the files that imports read, given out as they are made.

import { exportFile } from '#import-export/export-file.ts';
import { importKinds, type ImportKind } from '#import-export/csv-columns.ts';
import * as contract from './admin-contract.ts';
import { defineOperation, type Operation } from './admin-operation.ts';

const words: Readonly<Record<ImportKind, string>> = {
  users: 'All users as a CSV file, active or not',
  departments: 'All departments as a CSV file, parents before their children',
  memberships: 'Which departments each user is in, as a CSV file',
  leaves: 'Leaves that are ahead or running, as a CSV file',
};

export const exportOperations: readonly Operation[] = importKinds.map((kind) =>
  defineOperation({
    id: `exports.${kind}`,
    method: 'get',
    path: `/organizations/:org/exports/${kind}.csv`,
    summary: words[kind],
    query: contract.exportQuery,
    answer: contract.importRow,
    gives: 'text/csv',
    run: async (context, call) => {
      const { preset, encoding, delimiter, header, language, neutralise } = call.query;
      const isUnicode = encoding !== 'shift_jis';
      const content = await exportFile(context, call.organization.id, {
        kind,
        preset,
        language,
        encoding: isUnicode ? 'utf-8' : 'shift_jis',
        mark: encoding === 'utf-8-bom',
        delimiter,
        header: header === 'true',
        neutralise: neutralise === 'true',
      });
      const charset = isUnicode ? 'utf-8' : 'shift_jis';
      return { body: null, file: { type: `text/csv; charset=${charset}`, name: `${kind}.csv`, content } };
    },
  }),
);
