/**
 * Reads the Dockerfile and carries its lines out in folders instead of containers: every stage has a folder as its root. Knows the
 * instructions our file uses and refuses any other, so that a new one cannot go unchecked.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';

export interface Step {
  readonly word: string;
  readonly text: string;
}

export interface Stage {
  readonly name: string;
  readonly steps: readonly Step[];
}

/** What an image would be: its tree, and how it is run. */
export interface Image {
  /** The folder that stands for `/`. */
  readonly root: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly folder: string;
  readonly user: string | undefined;
  readonly command: readonly string[];
  readonly healthCheck: readonly string[];
  /** Absolute paths in the image that are volumes. */
  readonly volumes: readonly string[];
}

/** What a RUN line is done by instead, when it is not to be run as it stands. */
export type Substitute = (line: string, folder: string) => boolean;

/** The stages of the Dockerfile in a folder. */
export function readDockerfile(folder: string): readonly Stage[] {
  const text = readFileSync(join(folder, 'Dockerfile'), 'utf8').replace(/\\\n/g, ' ');
  const stages: { name: string; steps: Step[] }[] = [];
  for (const line of text.split('\n').map((each) => each.trim())) {
    if (line === '' || line.startsWith('#')) continue;
    const [, word = '', rest = ''] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (word === 'FROM') stages.push({ name: / AS (\w+)$/.exec(rest)?.[1] ?? String(stages.length), steps: [] });
    else stages.at(-1)?.steps.push({ word, text: rest });
  }
  return stages;
}

/** Carries out all stages below `target`; answers the last one's image. RUN lines go to a shell unless `substitute` did their work. */
export function buildImage(context: string, target: string, substitute: Substitute): Image {
  const roots = new Map<string, string>();
  let image: Image | undefined;
  for (const stage of readDockerfile(context)) {
    const root = join(target, stage.name);
    mkdirSync(root, { recursive: true });
    roots.set(stage.name, root);
    image = buildStage(stage, root, context, roots, substitute);
  }
  if (image === undefined) throw new Error('The Dockerfile has no stage.');
  return image;
}

function buildStage(
  stage: Stage,
  root: string,
  context: string,
  roots: ReadonlyMap<string, string>,
  substitute: Substitute,
): Image {
  let image: Image = {
    root,
    environment: {},
    folder: root,
    user: undefined,
    command: [],
    healthCheck: [],
    volumes: [],
  };
  for (const { word, text } of stage.steps) {
    if (word === 'WORKDIR') {
      image = { ...image, folder: join(root, text) };
      mkdirSync(image.folder, { recursive: true });
    } else if (word === 'ENV') {
      const pairs = text
        .split(/\s+/)
        .map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]);
      image = {
        ...image,
        environment: { ...image.environment, ...(Object.fromEntries(pairs) as Record<string, string>) },
      };
    } else if (word === 'COPY') copy(text, image.folder, context, roots);
    else if (word === 'RUN') run(text, image, substitute);
    else if (word === 'USER') image = { ...image, user: text };
    else if (word === 'VOLUME') image = { ...image, volumes: [...image.volumes, text] };
    else if (word === 'CMD') image = { ...image, command: JSON.parse(text) as string[] };
    else if (word === 'HEALTHCHECK')
      image = { ...image, healthCheck: JSON.parse(text.slice(text.indexOf('CMD') + 3)) as string[] };
    else if (word !== 'EXPOSE') throw new Error(`${word} ${text}: this instruction is not known here.`);
  }
  return image;
}

/** COPY as Docker does it: of a folder its contents, into the target; several sources need a target that ends in a slash. */
function copy(text: string, folder: string, context: string, roots: ReadonlyMap<string, string>): void {
  const words = text.split(/\s+/);
  const from = words.find((each) => each.startsWith('--from='))?.slice('--from='.length);
  const [target = '', ...sources] = words.filter((each) => !each.startsWith('--')).reverse();
  const base = from === undefined ? context : roots.get(from);
  if (base === undefined) throw new Error(`COPY ${text}: there is no stage ${from}.`);
  if (sources.length > 1 && !target.endsWith('/')) throw new Error(`COPY ${text}: the target must end in a slash.`);
  for (const source of sources) {
    const path = join(base, source);
    if (from === undefined && isIgnored(context, source))
      throw new Error(`COPY ${source}: .dockerignore keeps it out.`);
    const intoFolder = target.endsWith('/') && !statSync(path).isDirectory();
    cpSync(path, intoFolder ? join(folder, target, basename(source)) : join(folder, target), {
      recursive: true,
      verbatimSymlinks: true,
    });
  }
}

function isIgnored(context: string, source: string): boolean {
  const file = join(context, '.dockerignore');
  if (!existsSync(file)) return false;
  const [top = ''] = source.split('/');
  return readFileSync(file, 'utf8')
    .split('\n')
    .some((line) => line.trim() === top || line.trim() === source);
}

function run(line: string, image: Image, substitute: Substitute): void {
  if (substitute(line, image.folder)) return;
  // Paths of the image are paths below its root here; npm writes its own files below the root, too.
  const inRoot = line.replace(/(^|\s)\/(?=\w)/g, `$1${image.root}/`);
  const environment = { PATH: process.env['PATH'], HOME: image.root, npm_config_offline: 'true', ...image.environment };
  try {
    execFileSync('/bin/sh', ['-c', inRoot], { cwd: image.folder, env: environment, stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: Buffer; readonly stderr?: Buffer };
    throw new Error(`RUN ${line}\n${stdout?.toString('utf8') ?? ''}${stderr?.toString('utf8') ?? ''}`, {
      cause: error,
    });
  }
}
