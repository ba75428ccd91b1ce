/** A server for each test of a file, and clients that end with it. */
import { afterEach, beforeEach, expect } from '@jest/globals';
import { RawClient } from './raw-client.js';
import { TestServer } from './test-server.js';

export interface ServedTests {
  /** That of the test that runs. */
  readonly server: TestServer;
  readonly connected: (...first: readonly Uint8Array[]) => Promise<RawClient>;
}

export function serverForEach(): ServedTests {
  let server: TestServer;
  const clients: RawClient[] = [];
  beforeEach(async () => {
    server = await new TestServer().start();
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.end();
    await server.stop();
    expect(server.failures).toEqual([]);
  });
  return {
    get server() {
      return server;
    },
    async connected(...first) {
      const client = await RawClient.connect(server.address, ...first);
      clients.push(client);
      return client;
    },
  };
}
