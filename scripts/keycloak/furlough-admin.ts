// What the run asks of our own server: an organisation with one connection per protocol, people by SCIM, explanations by reference.

const scimUser = 'urn:ietf:params:scim:schemas:core:2.0:User';
const patchOp = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';

export interface FurloughAdmin {
  /** `path` below `/api/v1`. Throws unless the status is `expected`. */
  admin(method: string, path: string, expected: number, body?: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Provisions a person with the credential; answers the id. */
  provision(credential: string, userName: string): Promise<string>;
  setActive(credential: string, id: string, active: boolean): Promise<void>;
}

export function createFurloughAdmin(url: string, key: string): FurloughAdmin {
  const send = async (
    credential: string,
    method: string,
    path: string,
    expected: number,
    body?: unknown,
  ): Promise<Readonly<Record<string, unknown>>> => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        'content-type': path.startsWith('/scim/') ? 'application/scim+json' : 'application/json',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (response.status !== expected) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === '' ? {} : (JSON.parse(text) as Readonly<Record<string, unknown>>);
  };
  return {
    admin: (method, path, expected, body) => send(key, method, `/api/v1${path}`, expected, body),
    async provision(credential, userName) {
      const person = { schemas: [scimUser], userName, externalId: `ext-${userName}`, active: true };
      return String((await send(credential, 'POST', '/scim/v2/Users', 201, person))['id']);
    },
    async setActive(credential, id, active) {
      const patch = { schemas: [patchOp], Operations: [{ op: 'replace', value: { active } }] };
      await send(credential, 'PATCH', `/scim/v2/Users/${id}`, 200, patch);
    },
  };
}
