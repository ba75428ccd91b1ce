/** Listens on an address: on all that a host's name stands for. */
import { lookup } from 'node:dns/promises';
import { createServer, isIP, type AddressInfo, type ListenOptions, type Server, type Socket } from 'node:net';

const unixScheme = 'unix:';

export interface Listening {
  /** With the real port where 0 was asked for. */
  readonly address: string;
  readonly servers: readonly Server[];
}

/**
 * @param address `host:port` or `unix:path`
 * @throws what the system says
 */
export async function listen(address: string, onConnection: (socket: Socket) => void): Promise<Listening> {
  if (address.startsWith(unixScheme)) {
    const server = await listenAt({ path: address.slice(unixScheme.length) }, onConnection);
    return { address, servers: [server] };
  }
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  const servers: Server[] = [];
  try {
    let port = Number.parseInt(address.slice(colon + 1), 10);
    for (const ip of await addressesOf(host)) {
      const server = await listenIfThere({ host: ip, port }, onConnection, servers.length > 0);
      if (server === undefined) continue;
      servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
    return { address: `${host}:${port}`, servers };
  } catch (thrown) {
    for (const server of servers) server.close();
    throw thrown;
  }
}

/** `localhost` may stand for ::1 and 127.0.0.1, and clients may try either. */
async function addressesOf(host: string): Promise<string[]> {
  const bare = host.startsWith('[') ? host.slice(1, -1) : host;
  if (isIP(bare) !== 0) return [bare];
  const found = await lookup(bare, { all: true });
  return [...new Set(found.map(({ address }) => address))];
}

/** Undefined for one of several addresses that this machine does not have. */
async function listenIfThere(
  options: ListenOptions,
  onConnection: (socket: Socket) => void,
  isOptional: boolean,
): Promise<Server | undefined> {
  try {
    return await listenAt(options, onConnection);
  } catch (thrown) {
    if (isOptional && (thrown as NodeJS.ErrnoException).code === 'EADDRNOTAVAIL') return undefined;
    throw thrown;
  }
}

function listenAt(options: ListenOptions, onConnection: (socket: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, onConnection);
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(options, () => {
      server.off('error', reject);
      // Accepting may fail while no descriptors are left; it goes on when there are some again.
      server.on('error', () => undefined);
      resolve(server);
    });
  });
}
