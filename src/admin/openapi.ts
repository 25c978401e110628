// The admin API described from its operations: an OpenAPI 3.1 document and a plain reference page. Nothing here is written by hand twice.

import { createBreath, waitForTurn } from '#breath.ts';
import { z } from 'zod';
import type { Operation } from './admin-operation.ts';
import { listProblemCodes } from './admin-problem.ts';

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12: what zod writes. Takes a tenth of a second, so the event loop turns meanwhile. */
export async function describeApi(
  operations: readonly Operation[],
  baseUrl: string,
  version: string,
): Promise<Record<string, unknown>> {
  const paths: Record<string, Record<string, unknown>> = {};
  const breathe = createBreath(5);
  for (const operation of operations) {
    await waitForTurn(breathe);
    const path = operation.path.replaceAll(/:([a-zA-Z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [operation.method]: describeOperation(operation) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Furlough admin API', version },
    servers: [{ url: `${baseUrl}/api/v1` }],
    security: [{ adminCredential: [] }],
    paths,
    components: {
      securitySchemes: { adminCredential: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema },
    },
  };
}

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    instance: { type: 'string' },
    code: { type: 'string', enum: listProblemCodes().map(([code]) => code) },
    errors: {
      type: 'array',
      items: { type: 'object', properties: { pointer: { type: 'string' }, detail: { type: 'string' } } },
    },
  },
};

function describeOperation(operation: Operation): Record<string, unknown> {
  const inPath = [...operation.path.matchAll(/:([a-zA-Z]+)/g)].map((match) => ({
    name: match[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
  const inHeader =
    operation.method === 'post'
      ? [{ name: 'Idempotency-Key', in: 'header', schema: { type: 'string', maxLength: 255 } }]
      : [];
  return {
    operationId: operation.id,
    summary: operation.summary,
    parameters: [...inPath, ...queryOf(operation), ...inHeader],
    ...(operation.takes === undefined ? {} : { requestBody: { required: true, content: fileOf(operation.takes) } }),
    ...(operation.body === undefined || operation.takes !== undefined
      ? {}
      : { requestBody: { content: { 'application/json': { schema: toSchema(operation.body, 'input') } } } }),
    responses: {
      [operation.status]: {
        description: operation.summary,
        content:
          operation.gives === undefined
            ? { 'application/json': { schema: toSchema(operation.answer, 'output') } }
            : fileOf(operation.gives),
      },
      default: {
        description: 'Refused',
        content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
      },
    },
  };
}

function fileOf(mediaType: string): Record<string, unknown> {
  return { [mediaType]: { schema: { type: 'string', format: 'binary' } } };
}

function queryOf(operation: Operation): readonly Record<string, unknown>[] {
  if (operation.query === undefined) return [];
  const { properties } = toSchema(operation.query, 'input') as { properties?: Record<string, unknown> };
  return Object.entries(properties ?? {}).map(([name, schema]) => ({ name, in: 'query', schema }));
}

function toSchema(schema: z.ZodType, io: 'input' | 'output'): Record<string, unknown> {
  const { $schema: _dialect, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' });
  return rest;
}

/** One page of HTML without scripts; every problem `type` points at an anchor of it. */
export function writeReferencePage(operations: readonly Operation[], version: string): string {
  const rows = operations.map(
    ({ id, method, path, summary }) =>
      `<tr id="${escape(id)}"><td><code>${method.toUpperCase()}</code></td><td><code>/api/v1${escape(path)}</code></td><td>${escape(summary)}</td></tr>`,
  );
  const codes = listProblemCodes().map(
    ([code, status]) => `<tr id="${escape(code)}"><td><code>${escape(code)}</code></td><td>${status}</td></tr>`,
  );
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Furlough admin API</title>
<h1>Furlough admin API ${escape(version)}</h1>
<p>Bearer credentials of kind <code>admin</code>. The whole contract: <a href="v1/openapi.json">openapi.json</a>.</p>
<h2>Operations</h2>
<table>${rows.join('\n')}</table>
<h2>Problem codes</h2>
<table>${codes.join('\n')}</table>
</html>
`;
}

function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
