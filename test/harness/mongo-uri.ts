/**
 * Takes a MongoDB connection string apart and puts another database or host into it, for the tests' servers and proxies.
 * Leaves connecting to the driver. MongoDB manual, "Connection Strings".
 */
export type MongoAddress = {
  readonly userinfo: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly database: string;
  readonly options: URLSearchParams;
};

/** Throws on anything but `mongodb://`: a seed list in DNS has no host a proxy could stand in front of. */
export function parseMongoUri(uri: string): MongoAddress {
  const parts = /^mongodb:\/\/(?:([^@/]*)@)?([^/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(uri);
  if (!parts) throw new Error('the tests need a connection string of the form mongodb://host:port/…');
  const [, userinfo = '', hosts = '', database = '', options = ''] = parts;
  return {
    userinfo,
    hosts: hosts.split(',').map((host) => {
      const port = /:(\d+)$/.exec(host)?.[1];
      return { host: host.replace(/:\d+$/, '').replace(/^\[|\]$/g, ''), port: Number(port ?? 27017) };
    }),
    database,
    options: new URLSearchParams(options),
  };
}

/** The connection string for an address. */
export function toMongoUri({ userinfo, hosts, database, options }: MongoAddress): string {
  const at = userinfo === '' ? '' : `${userinfo}@`;
  const list = hosts.map(({ host, port }) => `${host.includes(':') ? `[${host}]` : host}:${port}`).join(',');
  const query = options.size === 0 ? '' : `?${options.toString()}`;
  return `mongodb://${at}${list}/${database}${query}`;
}

/** The same server, another database. Credentials keep the database they were checked against. */
export function withDatabase(uri: string, database: string): string {
  const address = parseMongoUri(uri);
  const options = new URLSearchParams(address.options);
  if (address.userinfo !== '' && !options.has('authSource')) options.set('authSource', address.database || 'admin');
  return toMongoUri({ ...address, database, options });
}

/** The same database through one other host and port, without looking for further members of a replica set. */
export function throughHost(uri: string, host: string, port: number): string {
  const address = parseMongoUri(uri);
  const options = new URLSearchParams(address.options);
  options.delete('replicaSet');
  options.set('directConnection', 'true');
  return toMongoUri({ ...address, hosts: [{ host, port }], options });
}
