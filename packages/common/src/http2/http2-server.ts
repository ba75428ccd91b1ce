/** A server of HTTP/2 with prior knowledge, without TLS: what gRPC clients speak on an insecure port. */
import type { Server, Socket } from 'node:net';
import { listen } from './listen.js';
import { lingerMs, ServerConnection, type ConnectionHandler } from './server-connection.js';

export interface Http2ServerOptions {
  /** `host:port` or `unix:path`; port 0 takes a free one. */
  readonly address: string;
  readonly handler: ConnectionHandler;
  /** For how long a client may be silent, answering no pings, in milliseconds. @default for ever */
  readonly silenceMs: number | undefined;
  /** Time for a connection to say that it speaks HTTP/2, in milliseconds. */
  readonly greetingMs: number;
}

/** Connections to a server; further ones are closed at once. */
const maxConnections = 4096;
/** Looks within the silence that is allowed; each asks for a sign of life. */
const looksPerSilence = 3;

const http1Request = /^(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|CONNECT|TRACE) /;
const longestMethod = 8;
/** For whoever speaks HTTP/1 to this port, most often a person. */
const wrongProtocol =
  'HTTP/1.1 400 Bad Request\r\ncontent-type: text/plain\r\nconnection: close\r\n\r\n' +
  'This port speaks gRPC: HTTP/2 with prior knowledge. HTTP requests are taken on another port, by --rest.\n';

export class Http2Server {
  readonly #options: Http2ServerOptions;
  /** Of a socket on which nothing has come yet, there is no connection. */
  readonly #sockets = new Map<Socket, ServerConnection | undefined>();
  #servers: readonly Server[] = [];
  #isStopping = false;
  #drained: Promise<void> | undefined;
  #onEmpty: () => void = () => undefined;

  constructor(options: Http2ServerOptions) {
    this.#options = options;
  }

  /** Resolves with the address in use. @throws what the system says */
  async start(): Promise<string> {
    if (this.#isStopping) throw new Error('the server was stopped');
    const { address, servers } = await listen(this.#options.address, (socket) => this.#accept(socket));
    this.#servers = servers;
    if (this.#isStopping) {
      this.#closeServers();
      throw new Error('the server was stopped');
    }
    return address;
  }

  #closeServers(): void {
    for (const server of this.#servers) server.close();
  }

  /** Takes no new connections and requests. Resolves when all connections have ended; those without requests do at once. */
  drain(): Promise<void> {
    return (this.#drained ??= this.#drain());
  }

  async #drain(): Promise<void> {
    this.#isStopping = true;
    this.#closeServers();
    for (const [socket, connection] of this.#sockets) {
      if (connection === undefined) socket.end();
      else connection.leave();
    }
    if (this.#sockets.size > 0) await new Promise<void>((resolve) => (this.#onEmpty = resolve));
  }

  /** Ends all connections by force. */
  destroy(): void {
    for (const socket of this.#sockets.keys()) socket.destroy();
  }

  #accept(socket: Socket): void {
    // Without a listener an error would end the process; `close` tells of it, too.
    socket.on('error', () => undefined);
    if (this.#isStopping || this.#sockets.size >= maxConnections) return void socket.destroy();
    this.#sockets.set(socket, undefined);
    socket.once('data', (chunk: Buffer) => this.#begin(socket, chunk));
    const greeting = setTimeout(() => {
      if (this.#sockets.get(socket)?.hasBegun !== true) socket.destroy();
    }, this.#options.greetingMs);
    greeting.unref();
    // What the last frames say is lost on a peer whose connection ends before it has read them.
    socket.on('finish', () => setTimeout(() => socket.destroy(), lingerMs).unref());
    socket.on('close', () => {
      clearTimeout(greeting);
      this.#sockets.get(socket)?.breakAll();
      this.#sockets.delete(socket);
      if (this.#sockets.size === 0) this.#onEmpty();
    });
    return undefined;
  }

  #begin(socket: Socket, chunk: Buffer): void {
    if (http1Request.test(chunk.toString('latin1', 0, longestMethod))) return void socket.end(wrongProtocol);
    const connection = new ServerConnection(socket, peerOf(socket), this.#options.handler);
    this.#sockets.set(socket, connection);
    socket.on('end', () => connection.breakAll());
    if (this.#options.silenceMs !== undefined) watchSilence(socket, connection, this.#options.silenceMs);
    connection.receive(chunk);
    if (this.#isStopping) connection.leave();
    return undefined;
  }
}

/** One that stood still itself, as a process that was stopped, has a look's time to read what has come meanwhile. */
function watchSilence(socket: Socket, connection: ServerConnection, silenceMs: number): void {
  let silentLooks = 0;
  socket.on('data', () => (silentLooks = 0));
  const look = () => {
    if (silentLooks++ >= looksPerSilence) socket.destroy();
    else connection.ping();
  };
  const timer = setInterval(look, Math.max(1, Math.floor(silenceMs / looksPerSilence))).unref();
  socket.on('close', () => clearInterval(timer));
}

function peerOf({ remoteAddress, remotePort }: Socket): string {
  if (remoteAddress === undefined) return 'unix';
  return remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`;
}
