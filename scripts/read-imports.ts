/**
 * Reads which modules a source file imports, in every form the language has, and finds circles among files.
 * Leaves what is allowed to check-imports.ts.
 */
import { parseSync } from '@swc/core';

/** One import: what it names, undefined if that is computed, and whether it is gone once the types are stripped. */
export interface Import {
  readonly specifier: string | undefined;
  readonly typeOnly: boolean;
}

/** The static, type, re-exporting and dynamic imports of a file. */
export function listImports(file: string, text: string): readonly Import[] {
  const isTypeScript = /\.tsx?$/.test(file);
  const found: Import[] = [];
  const tree = isTypeScript
    ? parseSync(text, { syntax: 'typescript', tsx: file.endsWith('.tsx'), target: 'es2022' })
    : parseSync(text, { syntax: 'ecmascript', target: 'es2022' });
  visit(tree, found);
  return found;
}

function visit(node: unknown, found: Import[]): void {
  if (Array.isArray(node)) {
    for (const child of node) visit(child, found);
    return;
  }
  if (!isRecord(node)) return;
  switch (node['type']) {
    case 'ImportDeclaration':
    case 'ExportAllDeclaration':
    case 'ExportNamedDeclaration':
      if (isRecord(node['source']))
        found.push({ specifier: literal(node['source']), typeOnly: node['typeOnly'] === true });
      break;
    case 'TsImportType':
      found.push({ specifier: literal(node['argument']), typeOnly: true });
      break;
    case 'CallExpression':
      if (isLoading(node['callee'])) found.push({ specifier: literal(firstArgument(node)), typeOnly: false });
      break;
  }
  for (const child of Object.values(node)) visit(child, found);
}

/** `import(…)` and `require(…)`. */
function isLoading(callee: unknown): boolean {
  if (!isRecord(callee)) return false;
  return callee['type'] === 'Import' || (callee['type'] === 'Identifier' && callee['value'] === 'require');
}

function firstArgument(call: Record<string, unknown>): unknown {
  const first: unknown = Array.isArray(call['arguments']) ? call['arguments'][0] : undefined;
  return isRecord(first) ? first['expression'] : undefined;
}

function literal(node: unknown): string | undefined {
  if (!isRecord(node) || node['type'] !== 'StringLiteral') return undefined;
  return typeof node['value'] === 'string' ? node['value'] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

/** One circle through each knot of files that import each other, first file repeated at the end. */
export function findCircles(arrows: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const circles: (readonly string[])[] = [];
  const finished = new Set<string>();
  const path: string[] = [];
  const onPath = new Set<string>();

  const follow = (file: string): void => {
    if (finished.has(file)) return;
    if (onPath.has(file)) {
      circles.push([...path.slice(path.indexOf(file)), file]);
      return;
    }
    path.push(file);
    onPath.add(file);
    for (const target of arrows.get(file) ?? []) follow(target);
    path.pop();
    onPath.delete(file);
    finished.add(file);
  };
  for (const file of arrows.keys()) follow(file);
  return circles;
}
