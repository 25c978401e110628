// Microsoft Entra ID, without and with `aadOptscim062020` at the end of the tenant URL. On-demand provisioning ignores that flag, so one connection
// sends the shapes of both, in any order.

import { GROUP_URN } from '../group-schema.ts';
import { PATCH_OP_URN } from '../protocol/patch-request.ts';
import { ENTERPRISE_USER_URN } from '../user-schema-extensions.ts';
import { USER_URN } from '../user-schema.ts';
import type { Dialect } from './dialect.ts';

const tutorial = 'MicrosoftDocs/entra-docs, use-scim-to-provision-users-and-groups.md';
const compatibility = 'MicrosoftDocs/entra-docs, application-provisioning-config-problem-scim-compatibility.md';
const validator = 'AzureAD/SCIMReferenceCode, Logic App template SCIMTests_Workflow.json';

const person = (name: string) => ({
  schemas: [USER_URN, ENTERPRISE_USER_URN],
  externalId: `0a21f0f2-8d2a-4f8e-bf98-${name}`,
  userName: `${name}@entra.test`,
  active: true,
  emails: [{ primary: true, type: 'work', value: `${name}@entra.test` }],
  meta: { resourceType: 'User' },
  name: { formatted: 'given family', familyName: 'family', givenName: 'given' },
  title: null,
  roles: [],
});
const patch = (...Operations: readonly object[]) => ({ schemas: [PATCH_OP_URN], Operations });

export const entra: Dialect = {
  client: 'Microsoft Entra ID',
  exchanges: [
    {
      title: 'test connection: nobody has a random id, and that is 200',
      mark: 'D',
      source: tutorial,
      steps: [
        {
          method: 'GET',
          path: '/Users?filter=userName+eq+%22b4e8ff0a-1111-4222-8333-444455556666%22',
          answer: { status: 200, body: { totalResults: 0, Resources: [] } },
        },
        {
          method: 'GET',
          path: '/Groups?excludedAttributes=members&filter=displayName+eq+%22b4e8ff0a-1111%22',
          answer: { status: 200, body: { totalResults: 0 } },
        },
      ],
    },
    {
      title: 'without the flag: one operation for each path, words in capitals, booleans as text',
      mark: 'D',
      source: compatibility,
      steps: [
        {
          method: 'POST',
          path: '/Users',
          body: person('plain'),
          answer: { status: 201, body: { userName: 'plain@entra.test', active: true }, lacks: ['null', 'title'] },
          saves: 'plain',
        },
        {
          method: 'PATCH',
          path: '/Users/{{plain}}',
          body: patch(
            { op: 'Replace', path: 'name.givenName', value: 'Aki' },
            { op: 'Replace', path: 'emails[type eq "work"].value', value: 'aki@entra.test' },
            { op: 'Add', path: `${ENTERPRISE_USER_URN}:department`, value: 'Bread' },
          ),
          answer: {
            status: 200,
            body: {
              name: { formatted: 'given family', familyName: 'family', givenName: 'Aki' },
              emails: [{ primary: true, type: 'work', value: 'aki@entra.test' }],
              [ENTERPRISE_USER_URN]: { department: 'Bread' },
            },
          },
          needs: ['operatorCase'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{plain}}',
          body: patch({ op: 'Replace', path: 'active', value: 'False' }),
          answer: { status: 200, body: { active: false } },
          needs: ['operatorCase', 'booleanText'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{plain}}',
          body: patch(
            { op: 'Replace', path: 'displayName', value: 'Back' },
            { op: 'Add', path: 'active', value: 'True' },
          ),
          answer: { status: 200, body: { active: true, displayName: 'Back' } },
          needs: ['operatorCase', 'booleanText'],
        },
        { method: 'DELETE', path: '/Users/{{plain}}', answer: { status: 204 } },
        { method: 'GET', path: '/Users/{{plain}}', answer: { status: 404 } },
      ],
    },
    {
      title: 'with the flag: one operation without a path, dotted and qualified keys, real booleans',
      mark: 'D',
      source: `${compatibility}; scim-patch#132, SCIM-SDK#267, scimitar#69`,
      steps: [
        { method: 'POST', path: '/Users', body: person('flag'), answer: { status: 201 }, saves: 'flag' },
        {
          method: 'PATCH',
          path: '/Users/{{flag}}',
          body: patch({
            op: 'replace',
            value: { displayName: 'Flag', 'name.givenName': 'Aki', [`${ENTERPRISE_USER_URN}:employeeNumber`]: '42' },
          }),
          answer: {
            status: 200,
            body: {
              displayName: 'Flag',
              name: { formatted: 'given family', familyName: 'family', givenName: 'Aki' },
              [ENTERPRISE_USER_URN]: { employeeNumber: '42' },
            },
            lacks: ['name.givenName', 'User:employeeNumber'],
          },
          needs: ['dottedKey'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{flag}}',
          body: patch({ op: 'replace', path: 'active', value: false }),
          answer: { status: 200, body: { active: false } },
        },
        {
          method: 'PATCH',
          path: '/Users/{{flag}}',
          body: patch({ op: 'replace', path: 'active', value: true }),
          answer: { status: 200, body: { active: true } },
        },
      ],
    },
    {
      title: 'a value of a type that the person has none of is made',
      mark: 'S',
      source: 'better-auth scim-entra-conformance.test.ts; against RFC 7644 §3.5.2.3',
      steps: [
        { method: 'POST', path: '/Users', body: person('made'), answer: { status: 201 }, saves: 'made' },
        {
          method: 'PATCH',
          path: '/Users/{{made}}',
          body: patch({ op: 'add', path: 'phoneNumbers[type eq "mobile"].value', value: '+81 90 0000 0000' }),
          answer: { status: 200, body: { phoneNumbers: [{ type: 'mobile', value: '+81 90 0000 0000' }] } },
          needs: ['elementFromFilter'],
        },
      ],
    },
    {
      title: 'managers, roles and emptied values in all their spellings',
      mark: 'D',
      source: validator,
      steps: [
        { method: 'POST', path: '/Users', body: person('team'), answer: { status: 201 }, saves: 'team' },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'replace', path: `${ENTERPRISE_USER_URN}:manager`, value: 'm1' }),
          answer: { status: 200, body: { [ENTERPRISE_USER_URN]: { manager: { value: 'm1' } } } },
          needs: ['bareReference'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'replace', path: `${ENTERPRISE_USER_URN}.manager`, value: { value: 'm2' } }),
          answer: { status: 200, body: { [ENTERPRISE_USER_URN]: { manager: { value: 'm2' } } } },
          needs: ['dotBeforeAttribute'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'add', path: 'manager', value: [{ $ref: '../Users/m3', value: 'm3' }] }),
          answer: { status: 200, body: { [ENTERPRISE_USER_URN]: { manager: { $ref: '../Users/m3', value: 'm3' } } } },
          needs: ['bareExtensionName', 'bareReference'],
        },
        {
          method: 'GET',
          path: '/Users?filter=id%20eq%20%22{{team}}%22%20and%20manager%20eq%20%22m3%22&attributes=id',
          answer: { status: 200, body: { Resources: [{ schemas: [USER_URN], id: '{{team}}' }] } },
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'replace', path: `${ENTERPRISE_USER_URN}:manager`, value: '' }),
          answer: { status: 200, lacks: ['manager'] },
          needs: ['emptyText', 'bareReference'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'add', path: 'roles', value: [{ primary: true, value: '{"id":"r1"}' }] }),
          answer: { status: 200, body: { roles: [{ primary: true, value: '{"id":"r1"}' }] } },
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'replace', path: 'roles[primary eq "True"].value', value: '{"id":"r2"}' }),
          answer: { status: 200, body: { roles: [{ primary: true, value: '{"id":"r2"}' }] } },
          needs: ['booleanTextInFilter'],
        },
        {
          method: 'PATCH',
          path: '/Users/{{team}}',
          body: patch({ op: 'replace', path: 'displayName', value: '' }),
          answer: { status: 200, lacks: ['displayName'] },
          needs: ['emptyText'],
        },
      ],
    },
    {
      title: 'groups: a schema of its own, members added with $ref null, removed by list and by filter',
      mark: 'D',
      source: `${tutorial}; ${compatibility}`,
      steps: [
        { method: 'POST', path: '/Users', body: person('member'), answer: { status: 201 }, saves: 'member' },
        {
          method: 'POST',
          path: '/Groups',
          body: {
            schemas: [GROUP_URN, 'http://schemas.microsoft.com/2006/11/ResourceManagement/ADSCIM/2.0/Group'],
            externalId: '8aa1a0c0-c4c3-4bc0-b4a5-2ef676900159',
            displayName: 'Entra team',
            meta: { resourceType: 'Group' },
          },
          answer: { status: 201, body: { displayName: 'Entra team', schemas: [GROUP_URN] } },
          saves: 'group',
          needs: ['foreignSchema'],
        },
        {
          method: 'GET',
          path: '/Groups/{{group}}?excludedAttributes=members',
          answer: { status: 200, body: { displayName: 'Entra team' }, lacks: ['members'] },
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}?attributes=members',
          body: patch({ op: 'Add', path: 'members', value: [{ $ref: null, value: '{{member}}' }] }),
          answer: { status: 200, body: { members: [{ value: '{{member}}' }] } },
          needs: ['operatorCase'],
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}?attributes=members',
          body: patch({ op: 'add', path: 'members', value: [{ value: '{{member}}' }, { value: 'nobody-here' }] }),
          answer: { status: 200, body: { members: [{ value: '{{member}}' }] }, lacks: ['nobody-here'] },
          needs: ['unknownMember'],
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}?attributes=members',
          body: patch({ op: 'remove', path: 'members', value: [{ $ref: null, value: 'another' }] }),
          answer: { status: 200, body: { members: [{ value: '{{member}}' }] } },
          needs: ['removalByValues'],
        },
        {
          method: 'PATCH',
          path: '/Groups/{{group}}?attributes=members',
          body: patch({ op: 'remove', path: 'members[value eq "{{member}}"]' }),
          answer: { status: 200, lacks: ['members'] },
        },
      ],
    },
  ],
};
