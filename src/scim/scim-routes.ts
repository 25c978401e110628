// The addresses below the SCIM base as one table (RFC 7644 §3.2): which methods they know, who changes something, which need no credential.

import { createBulkEndpoint } from './bulk-endpoint.ts';
import {
  createDepartment,
  deleteDepartment,
  patchDepartment,
  readDepartment,
  replaceDepartment,
} from './department-endpoints.ts';
import { listDepartments, searchDepartments } from './department-search.ts';
import {
  type DiscoveryRequest,
  listResourceTypes,
  listSchemas,
  readResourceType,
  readSchema,
  readServiceProviderConfig,
} from './discovery-endpoints.ts';
import { createGroup, deleteGroup, patchGroup, readGroup, replaceGroup } from './group-endpoints.ts';
import { listGroups, searchGroups } from './group-search.ts';
import { searchAll } from './root-search.ts';
import { ScimError } from './scim-error.ts';
import type { ScimAnswer, ScimOperation } from './scim-operation.ts';
import type { ScimArea } from './scim-scopes.ts';
import { createUser, deleteUser, patchUser, readUser, replaceUser } from './user-endpoints.ts';
import { listUsers, searchUsers } from './user-search.ts';

interface RoutedOperation {
  /** Needs the scope to change, not only to read. */
  readonly changes: boolean;
  readonly run: ScimOperation;
}

export interface Route {
  /** For metrics. */
  readonly resource: string;
  readonly area: ScimArea;
  /** `*` stands for one segment that varies. */
  readonly path: readonly string[];
  readonly operations: Readonly<Partial<Record<string, RoutedOperation>>>;
  /** Answers GET without a credential; then there are no operations. */
  readonly discover?: (request: DiscoveryRequest) => ScimAnswer;
  /** Whether a credential makes a difference there: the schemas of its organisation. */
  readonly describesSchemas?: true;
}

/** The first that fits counts. */
export const scimRoutes: readonly Route[] = [
  discovery('ServiceProviderConfig', ['ServiceProviderConfig'], readServiceProviderConfig),
  describesSchemas('ResourceType', ['ResourceTypes'], listResourceTypes),
  describesSchemas('ResourceType', ['ResourceTypes', '*'], readResourceType),
  describesSchemas('Schema', ['Schemas'], listSchemas),
  describesSchemas('Schema', ['Schemas', '*'], readSchema),
  ...resource('User', 'users', 'Users', {
    list: listUsers,
    search: searchUsers,
    create: createUser,
    read: readUser,
    replace: replaceUser,
    patch: patchUser,
    remove: deleteUser,
  }),
  ...resource('Group', 'groups', 'Groups', {
    list: listGroups,
    search: searchGroups,
    create: createGroup,
    read: readGroup,
    replace: replaceGroup,
    patch: patchGroup,
    remove: deleteGroup,
  }),
  // Where people are is people's: the scope is the same.
  ...resource('Department', 'users', 'Departments', {
    list: listDepartments,
    search: searchDepartments,
    create: createDepartment,
    read: readDepartment,
    replace: replaceDepartment,
    patch: patchDepartment,
    remove: deleteDepartment,
  }),
  { resource: 'Root', area: 'any', path: ['.search'], operations: { POST: { changes: false, run: searchAll } } },
  {
    resource: 'Bulk',
    area: 'any',
    path: ['Bulk'],
    operations: { POST: { changes: true, run: createBulkEndpoint(findBulkOperation) } },
  },
  notBuilt('Me', ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'], 'A credential is no user: /Me is not supported.'),
];

export function findRoute(segments: readonly string[]): Route | undefined {
  return scimRoutes.find(
    ({ path }) => path.length === segments.length && path.every((part, at) => part === '*' || part === segments[at]),
  );
}

/** Only what changes one resource, or creates one, can be an operation of a Bulk request (RFC 7644 §3.7). */
function findBulkOperation(method: string, path: string) {
  const segments = path.split('/').slice(1);
  const route = findRoute(segments);
  const operation = route?.operations[method];
  if (route === undefined || operation?.changes !== true || route.resource === 'Bulk') return undefined;
  try {
    return {
      run: operation.run,
      id: decodeURIComponent(segments[1] ?? ''),
      resource: route.resource,
      area: route.area,
    };
  } catch {
    return undefined;
  }
}

/** For the `Allow` header. */
export function allowedMethods(route: Route): string {
  const methods = route.discover === undefined ? Object.keys(route.operations) : ['GET'];
  return methods.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])).join(', ');
}

/** What a client may do with the resources of a type (RFC 7644 §3.2). */
type ResourceVerb = 'list' | 'search' | 'create' | 'read' | 'replace' | 'patch' | 'remove';

function resource(
  name: string,
  area: ScimArea,
  place: string,
  verbs: Readonly<Record<ResourceVerb, ScimOperation>>,
): readonly Route[] {
  const reads = (run: ScimOperation): RoutedOperation => ({ changes: false, run });
  const changes = (run: ScimOperation): RoutedOperation => ({ changes: true, run });
  return [
    { resource: name, area, path: [place], operations: { GET: reads(verbs.list), POST: changes(verbs.create) } },
    { resource: name, area, path: [place, '.search'], operations: { POST: reads(verbs.search) } },
    {
      resource: name,
      area,
      path: [place, '*'],
      operations: {
        GET: reads(verbs.read),
        PUT: changes(verbs.replace),
        PATCH: changes(verbs.patch),
        DELETE: changes(verbs.remove),
      },
    },
  ];
}

function discovery(resource: string, path: readonly string[], discover: NonNullable<Route['discover']>): Route {
  return { resource, area: 'any', path, operations: {}, discover };
}

function describesSchemas(resource: string, path: readonly string[], discover: NonNullable<Route['discover']>): Route {
  return { ...discovery(resource, path, discover), describesSchemas: true };
}

/** Endpoints RFC 7644 lets a service leave out with 501 (§3.7, §3.11). */
function notBuilt(name: string, methods: readonly string[], detail: string): Route {
  const operation: RoutedOperation = {
    changes: false,
    run: () => Promise.reject(new ScimError(501, detail)),
  };
  return {
    resource: name,
    area: 'any',
    path: [name],
    operations: Object.fromEntries(methods.map((method) => [method, operation])),
  };
}
