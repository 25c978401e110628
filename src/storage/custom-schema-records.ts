// The custom schemas of an organisation as one plain record, so that limits and collisions among them are held by its revision.

import type { CustomSchemas } from '#directory/custom-schema.ts';
import type { RecordKind } from './record-store.ts';

/** The id is that of the organisation. */
export const customSchemaRecords: RecordKind<CustomSchemas> = {
  name: 'customSchemas',
  carriesEffects: true,
  keysOf: () => [],
};
