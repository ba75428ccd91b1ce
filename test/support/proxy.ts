/** A stretch of network between two programs, whose connections can be cut off without either side being told. */
import { afterAll } from '@jest/globals';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

const proxies: Proxy[] = [];
afterAll(() => {
  for (const proxy of proxies) proxy.close();
});

export class Proxy {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  /** In the order they came: each client with its socket to the server. */
  readonly #connections: (readonly [Socket, Socket])[] = [];
  /** Connections that come while it is set are accepted and lead nowhere. */
  isSilent: (connection: number) => boolean = () => false;

  private constructor(port: number, host: string) {
    this.#server = createServer((client) => {
      const server = connect(port, host);
      this.#connections.push([client, server]);
      for (const socket of [client, server]) socket.on('error', () => undefined);
      this.#sockets.push(client, server);
      if (this.isSilent(this.#connections.length - 1)) return;
      client.pipe(server).pipe(client);
    });
  }

  /** Leads to `host:port`. */
  static async to(address: string): Promise<Proxy> {
    const { hostname, port } = new URL(`tcp://${address}`);
    const proxy = new Proxy(Number(port), hostname);
    proxies.push(proxy);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Connections that were made so far. */
  get connections(): number {
    return this.#connections.length;
  }

  /** From now on nothing passes on this connection, either way, and neither side is told. */
  forget(connection: number): void {
    for (const socket of this.#connections[connection]!) socket.unpipe().pause();
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
