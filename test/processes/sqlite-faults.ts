// What happens to a database file from outside: another process locks it, the disk is full, nothing can be written. Each is taken back again, and
// nothing of it outlives the test: helpers of this file end when their standard input closes.

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../..', import.meta.url));
const tied = fileURLToPath(new URL('../harness/tied-process.mjs', import.meta.url));

export interface FileFault {
  end(): Promise<void>;
}

/** Another process holds the file with BEGIN EXCLUSIVE until the fault ends. */
export async function lockFile(path: string): Promise<FileFault> {
  const code = `
    const { DatabaseSync } = await import('@photostructure/sqlite');
    const database = new DatabaseSync(process.argv[1], { timeout: 5000 });
    database.exec('BEGIN EXCLUSIVE');
    setInterval(() => database.isOpen, 1000);
    console.log('locked');`;
  const child = spawn(process.execPath, [tied, process.execPath, '--input-type=module', '-e', code, path], {
    cwd: root,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const gone = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    gone.then(() => {
      throw new Error('the file could not be locked');
    }),
  ]);
  return {
    async end() {
      child.stdin.end();
      await gone;
    },
  };
}

/** A small file system of its own over this folder; null where this account may not mount one. */
export function mountSmallDisk(folder: string, megabytes: number): FileFault | null {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=700`, 'tmpfs', folder], { stdio: 'pipe' });
  } catch {
    return null;
  }
  const unmount = `require('node:child_process').execFileSync('umount', ['-l', ${JSON.stringify(folder)}])`;
  const keeper = spawn(process.execPath, ['-e', `process.stdin.resume().on('end', () => ${unmount})`], {
    stdio: ['pipe', 'ignore', 'inherit'],
  });
  const gone = once(keeper, 'exit');
  return {
    async end() {
      keeper.stdin.end();
      await gone;
    },
  };
}

/** Fills the file system that this folder is; the server that is at work there may take the last bytes first. */
export function fillDisk(folder: string): FileFault {
  const ballast = join(folder, 'ballast');
  const { bavail, bsize } = statfsSync(folder);
  try {
    writeFileSync(ballast, Buffer.alloc(bavail * bsize));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
  return {
    end: () => Promise.resolve(rmSync(ballast)),
  };
}

/** Whether limits of a running process can be changed here. */
export const canLimitFiles = (() => {
  try {
    execFileSync('prlimit', ['--pid', String(process.pid), '--fsize'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
})();

/** No file of this process takes another byte (RLIMIT_FSIZE): full to it, or read-only. Its pipes are not concerned. */
export function refuseWrites(pid: number): FileFault {
  const limit = (bytes: string) => execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}:unlimited`]);
  limit('0');
  return {
    end: () => Promise.resolve(void limit('unlimited')),
  };
}
