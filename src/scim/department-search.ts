// Lists of departments: filter, sort, page and projection together (RFC 7644 §3.4.2).

import type { Department } from '#directory/department.ts';
import type { DepartmentId, OrganizationId } from '#directory/identifiers.ts';
import { createDepartmentReader, type DepartmentReader } from '#storage/department-reader.ts';
import { departmentKeys } from '#storage/department-records.ts';
import type { RecordPage } from '#storage/record-store.ts';
import { queryResources, type ResourceSource } from '#storage/resource-query.ts';
import { toScimDepartment, type KnownDepartments } from './department-representation.ts';
import { departmentResourceSchema } from './department-schema.ts';
import { bindFilter, matchesFilter, type BoundFilter } from './protocol/filter-evaluation.ts';
import { collectEqualities } from './protocol/filter-narrowing.ts';
import { parseFilter } from './protocol/filter-tree.ts';
import type { JsonObject } from './protocol/json-value.ts';
import { parseProjection, projectResource } from './protocol/projection.ts';
import { compareBySortOrder, parseSortOrder } from './protocol/sort-order.ts';
import { createSearchOperations, type ResourceSearch, type SearchOptions } from './resource-search.ts';
import type { ScimContext, ScimRequest } from './scim-operation.ts';
import { readFilter, type SearchParameters } from './search-request.ts';

/** `GET /Departments` and `POST /Departments/.search`. */
export const { list: listDepartments, search: searchDepartments } = createSearchOperations(prepareDepartmentSearch);

/** How many are read at once by a key; of more, one after the other is walked through. */
const mostAtOnce = 1_000;

/** Throws `ProtocolError` for parameters that mean nothing. */
export function prepareDepartmentSearch(
  context: ScimContext,
  request: ScimRequest,
  parameters: SearchParameters,
  { amongAllTypes = false }: SearchOptions = {},
): ResourceSearch<Department> {
  const { organizationId, settings } = request.client;
  const projection = parseProjection(parameters, departmentResourceSchema);
  const filter = parameters.filter === undefined ? undefined : bind(readFilter(parameters.filter));
  const order = parseSortOrder(parameters, departmentResourceSchema, { amongAllTypes });
  const parents = new Map<DepartmentId, Department>();
  const view = (department: Department): JsonObject => toScimDepartment(department, parents, context.scimBase);
  const addParents = async (departments: readonly Department[]): Promise<void> => {
    for (const [id, parent] of await readParents(context, organizationId, departments, parents))
      parents.set(id, parent);
  };
  const source = createSource(createDepartmentReader(context.storage, context.now), organizationId, filter);
  const query = {
    ...(filter === undefined && order === undefined ? {} : { prepare: addParents }),
    ...(filter === undefined ? {} : { matches: (one: Department) => matchesFilter(filter, view(one)) }),
    ...(order === undefined
      ? {}
      : { compare: (left: Department, right: Department) => compareBySortOrder(order, view(left), view(right)) }),
  };
  return {
    resourceType: 'Department',
    ordering: { order, view },
    find: (range) => queryResources(source, { ...query, ...range }),
    async show(departments) {
      await addParents(departments);
      return departments.map((one) => projectResource(view(one), departmentResourceSchema, projection));
    },
  };

  function bind(text: string): BoundFilter {
    const { strict } = settings;
    const unknownAttribute = amongAllTypes ? 'noValue' : 'refuse';
    return bindFilter(parseFilter(text, { strict }), departmentResourceSchema, { strict, unknownAttribute });
  }
}

/** The parents of departments, as far as they are not `known` yet. */
export async function readParents(
  { storage, now }: ScimContext,
  organizationId: OrganizationId,
  departments: readonly Department[],
  known: KnownDepartments = new Map(),
): Promise<KnownDepartments> {
  const missing = departments.flatMap(({ profile: { parent } }) =>
    parent === undefined || known.has(parent) ? [] : [parent],
  );
  if (missing.length === 0) return new Map();
  const found = await createDepartmentReader(storage, now).getMany(organizationId, missing);
  return new Map(found.map((parent) => [parent.id, parent]));
}

function createSource(
  departments: DepartmentReader,
  organizationId: OrganizationId,
  filter: BoundFilter | undefined,
): ResourceSource<Department> {
  const narrowTo = filter === undefined ? undefined : narrow(filter);
  const having = narrowTo !== undefined && 'key' in narrowTo ? narrowTo : {};
  return {
    count: () => departments.count(organizationId),
    list: (page: RecordPage) => departments.list(organizationId, { ...page, ...having }),
    narrowed:
      narrowTo === undefined
        ? undefined
        : async () => {
            if ('id' in narrowTo) return departments.getMany(organizationId, [narrowTo.id]);
            const found = await departments.list(organizationId, { ...narrowTo, limit: mostAtOnce });
            return found.length < mostAtOnce ? found : null;
          },
  };
}

function narrow(filter: BoundFilter): { readonly id: DepartmentId } | { readonly key: string } | undefined {
  const terms = collectEqualities(filter);
  const valueOf = (name: string): string | undefined => {
    const term = terms.find(({ attributePath }) => attributePath.join('.') === name);
    return typeof term?.value === 'string' ? term.value : undefined;
  };
  const id = valueOf('id');
  if (id !== undefined) return { id: id as DepartmentId };
  const code = valueOf('code');
  if (code !== undefined) return { key: departmentKeys.code(code) };
  const externalId = valueOf('externalId');
  if (externalId !== undefined) return { key: departmentKeys.externalId(externalId) };
  const name = valueOf('name');
  if (name !== undefined) return { key: departmentKeys.name(name) };
  const parent = valueOf('parent.value');
  return parent === undefined ? undefined : { key: departmentKeys.parent(parent as DepartmentId) };
}
