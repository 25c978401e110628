/**
 * Fetches and builds the MongoDB-compatible servers of the tests, once per machine, into the user's cache folder.
 * Leaves running them to mongo-server.ts. Versions: "A MongoDB for tests".
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const javaServerVersion = '1.47.0';
const ferretDbVersion = '1.24.2';
const mainClass = 'MongoJavaServer';
const launcher = fileURLToPath(new URL(`${mainClass}.java`, import.meta.url));
const ferretDbSource = fileURLToPath(new URL('FerretDb.go', import.meta.url));

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>furlough.test</groupId><artifactId>mongo-java-server</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>de.bwaldvogel</groupId><artifactId>mongo-java-server-h2-backend</artifactId>
    <version>${javaServerVersion}</version>
  </dependency></dependencies>
</project>
`;

/** Whether a program of this name can be run from the PATH. */
export function isOnPath(program: string, env: NodeJS.ProcessEnv): boolean {
  const names = process.platform === 'win32' ? [`${program}.exe`, `${program}.cmd`] : [program];
  return (env.PATH ?? '').split(delimiter).some((folder) => names.some((name) => isExecutable(join(folder, name))));
}

/** The jars of mongo-java-server and the compiled launcher, as a class path. */
export async function buildMongoJavaServer(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly classPath: string; readonly mainClass: string; readonly version: string }> {
  const source = await readFile(launcher, 'utf8');
  const folder = await buildOnce(env, `mongo-java-server-${javaServerVersion}`, pom + source, async (work) => {
    await writeFile(join(work, 'pom.xml'), pom);
    const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${join(work, 'jars')}`];
    await runIn(work, env, 'mvn', ['-B', '-q', ...goal]);
    await copyFile(launcher, join(work, `${mainClass}.java`));
    await runIn(work, env, 'javac', ['-cp', join('jars', '*'), '-d', 'classes', `${mainClass}.java`]);
  });
  return {
    classPath: [join(folder, 'classes'), join(folder, 'jars', '*')].join(delimiter),
    mainClass,
    version: javaServerVersion,
  };
}

/** The FerretDB program, built in a throw-away Go module around its embeddable package. */
export async function buildFerretDb(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly program: string; readonly version: string }> {
  const source = await readFile(ferretDbSource, 'utf8');
  const folder = await buildOnce(env, `ferretdb-${ferretDbVersion}`, source, async (work) => {
    await copyFile(ferretDbSource, join(work, 'main.go'));
    await runIn(work, env, 'go', ['mod', 'init', 'furlough.test/ferretdb']);
    await runIn(work, env, 'go', ['get', `github.com/FerretDB/FerretDB/ferretdb@v${ferretDbVersion}`]);
    await runIn(work, env, 'go', ['build', '-o', 'ferretdb', '.']);
  });
  return { program: join(folder, 'ferretdb'), version: ferretDbVersion };
}

/** Builds beside and renames, so that two runs at once never see half a build. */
async function buildOnce(
  env: NodeJS.ProcessEnv,
  name: string,
  recipe: string,
  build: (folder: string) => Promise<void>,
): Promise<string> {
  const digest = createHash('sha256').update(recipe).digest('hex').slice(0, 12);
  const folder = join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'furlough-test', `${name}-${digest}`);
  if (existsSync(folder)) return folder;
  await mkdir(dirname(folder), { recursive: true });
  const work = await mkdtemp(`${folder}.part-`);
  try {
    await build(work);
    await rename(work, folder).catch((error: unknown) => {
      if (!existsSync(folder)) throw error;
    });
    return folder;
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

async function runIn(
  folder: string,
  env: NodeJS.ProcessEnv,
  program: string,
  commandArguments: readonly string[],
): Promise<void> {
  try {
    await run(program, commandArguments, { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 });
  } catch (cause) {
    throw new Error(`${program} ${commandArguments[0]} failed: ${outputOf(cause)}`, { cause });
  }
}

function outputOf(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause);
  const texts = ['stdout', 'stderr'].map((name) => Reflect.get(cause, name)).filter((text) => typeof text === 'string');
  return texts.join('\n').trim().slice(-2000);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
