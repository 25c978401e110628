/** Ends the servers global-setup.mjs started. They also end by themselves when the run is killed. */
export default async function tearDown() {
  for (const server of globalThis.furloughTestServers ?? []) await server.close();
}
