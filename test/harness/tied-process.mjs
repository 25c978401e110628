/**
 * Runs the command given as arguments and ends it when standard input closes: a server started through this cannot
 * outlive the run that started it, however that run ends. Leaves the server's own settings to mongo-server.ts.
 */
import { spawn } from 'node:child_process';

const [command = '', ...commandArguments] = process.argv.slice(2);
const child = spawn(command, commandArguments, { stdio: ['ignore', 'inherit', 'inherit'] });
child.once('error', (error) => {
  console.error(error.message);
  process.exit(1);
});
child.once('exit', (code) => process.exit(code ?? 1));
process.stdin.resume().once('end', () => child.kill('SIGKILL'));
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.once(signal, () => child.kill('SIGKILL'));
