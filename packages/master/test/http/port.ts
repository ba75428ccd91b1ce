/** An HTTP port on loopback for tests, and connections that speak to it by hand. */
import type { ServingError } from '@serving/common';
import { connect, type Socket } from 'node:net';
import { ManualClock } from '../../../../test/support/manual-clock.js';
import { jsonResult, type HttpCall, type HttpHandler, type HttpRoute } from '../../src/http/http-handler.js';
import { createHttpServer } from '../../src/http/http-server.js';

export const maxBytes = 64 * 1024;
export const maxTotalBytes = 256 * 1024;
export const graceMs = 60_000;

/** Calls that its handlers have seen, and errors that they hid. */
export class Port {
  readonly clock = new ManualClock();
  readonly calls: HttpCall[] = [];
  readonly internalErrors: ServingError[] = [];
  readonly #server;
  #address = '';

  constructor(handlers: Readonly<Record<string, HttpHandler>>) {
    const routes = Object.entries(handlers).map(([path, handle]) => this.#route(path, handle));
    this.#server = createHttpServer({
      address: '127.0.0.1:0',
      maxMessageBytes: maxBytes,
      routes,
      fallback: this.#route('*', () => jsonResult(200, 'fallback')),
      onInternalError: (error) => this.internalErrors.push(error),
      unfinished: { maxBytes: maxTotalBytes, graceMs },
      clock: this.clock,
    });
  }

  #route(path: string, handle: HttpHandler): HttpRoute {
    const keep: HttpHandler = (call, body) => {
      this.calls.push(call);
      return handle(call, body);
    };
    return {
      path,
      handlers: { POST: keep, GET: keep },
      whileStopping: path === '/probe',
      failed: (error) => jsonResult(error.httpStatus, { error: error.message, code: error.code }),
    };
  }

  async start(): Promise<void> {
    this.#address = await this.#server.start();
  }

  stop(forMs = 0, others?: Promise<unknown>): Promise<number> {
    return this.#server.stop(forMs, others);
  }

  url(path: string): string {
    return `http://${this.#address}${path}`;
  }

  connect(): Promise<Connection> {
    const port = Number(this.#address.split(':').at(-1));
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1' });
      socket.once('error', reject);
      socket.once('connect', () => {
        socket.off('error', reject);
        resolve(new Connection(socket));
      });
    });
  }
}

export class Connection {
  readonly socket: Socket;
  #received = '';
  readonly closed: Promise<void>;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes) => (this.#received += bytes.toString('latin1')));
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  get received(): string {
    return this.#received;
  }

  /** Statuses of the replies so far. */
  get statuses(): number[] {
    return [...this.#received.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, status]) => Number(status));
  }

  /** Bodies of the replies so far that are JSON. */
  get bodies(): unknown[] {
    return [...this.#received.matchAll(/\r\n\r\n([{["].*?)(?=HTTP\/1\.1 \d|$)/gs)].map(
      ([, body]) => JSON.parse(body!) as unknown,
    );
  }
}
