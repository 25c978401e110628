// `npm start`: the server and nothing else.

import { runCli } from '#cli/program.ts';

process.exitCode = await runCli(['serve']);
