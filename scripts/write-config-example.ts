// Writes config/example.yaml anew. Run it after changing an option: node --import tsx scripts/write-config-example.ts

import { writeFileSync } from 'node:fs';
import { writeExample } from '#config/example-file.ts';

writeFileSync(new URL('../config/example.yaml', import.meta.url), writeExample());
