// A realm of a running Keycloak, filled by its admin REST API: one person, a SAML client and an OpenID Connect client. These fields are the ones
// docs/connect/keycloak-sso.md tells people to fill in.

export interface KeycloakRealm {
  readonly issuer: string;
  readonly samlDescriptor: string;
  addPerson(userName: string, password: string): Promise<void>;
  /** All three are in our service metadata; requests must be signed by the certificate's key. */
  addSamlClient(entityId: string, acs: string, certificate: string): Promise<void>;
  addOpenIdClient(clientId: string, secret: string, redirectUri: string): Promise<void>;
}

/** Makes the realm `name`. `secret` is that of the admin client `driver`. */
export async function createRealm(keycloak: string, secret: string, name: string): Promise<KeycloakRealm> {
  const send = async (path: string, body: object): Promise<void> => {
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'driver', client_secret: secret });
    // Admin tokens live a minute.
    const granted = await fetch(`${keycloak}/realms/master/protocol/openid-connect/token`, {
      method: 'POST',
      body: form,
    });
    const { access_token: token } = (await granted.json()) as { access_token: string };
    const response = await fetch(`${keycloak}/admin/realms${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (response.status !== 201) throw new Error(`Keycloak, ${path}: ${response.status} ${await response.text()}`);
  };
  await send('', { realm: name, enabled: true, sslRequired: 'none' });
  const realm = `${keycloak}/realms/${name}`;
  return {
    issuer: realm,
    samlDescriptor: `${realm}/protocol/saml/descriptor`,
    addPerson: (userName, password) =>
      send(`/${name}/users`, {
        username: userName,
        email: userName,
        emailVerified: true,
        enabled: true,
        firstName: 'Hana',
        lastName: 'Aoki',
        credentials: [{ type: 'password', value: password, temporary: false }],
      }),
    addSamlClient: (entityId, acs, certificate) =>
      send(`/${name}/clients`, {
        clientId: entityId,
        protocol: 'saml',
        enabled: true,
        frontchannelLogout: false,
        redirectUris: [acs],
        attributes: {
          saml_assertion_consumer_url_post: acs,
          saml_name_id_format: 'username',
          saml_force_name_id_format: 'true',
          'saml.server.signature': 'true',
          'saml.assertion.signature': 'true',
          'saml.signature.algorithm': 'RSA_SHA256',
          'saml.client.signature': 'true',
          'saml.signing.certificate': certificate,
          'saml.force.post.binding': 'true',
          'saml.authnstatement': 'true',
        },
      }),
    addOpenIdClient: (clientId, clientSecret, redirectUri) =>
      send(`/${name}/clients`, {
        clientId,
        secret: clientSecret,
        protocol: 'openid-connect',
        enabled: true,
        publicClient: false,
        standardFlowEnabled: true,
        implicitFlowEnabled: false,
        directAccessGrantsEnabled: false,
        redirectUris: [redirectUri],
        attributes: { 'pkce.code.challenge.method': 'S256' },
      }),
  };
}
