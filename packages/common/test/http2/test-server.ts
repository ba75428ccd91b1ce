/** A server whose answers tests choose by the path of the request. */
import { encodeHeaders } from '../../src/hpack/hpack-encoder.js';
import { Http2Server } from '../../src/http2/http2-server.js';
import { valueOf } from '../../src/http2/request-headers.js';
import type { ServerStream } from '../../src/http2/server-stream.js';

export const answerHeaders = encodeHeaders([{ name: ':status', value: '200' }]);
export const trailers = encodeHeaders([{ name: 'x-end', value: 'yes' }]);
const tooLarge = encodeHeaders([{ name: ':status', value: '431' }]);

export interface TestServerOptions {
  readonly silenceMs?: number;
  readonly greetingMs?: number;
}

/** One request as the handler saw it. */
export interface Seen {
  readonly stream: ServerStream;
  readonly path: string;
  readonly events: string[];
  bytes: number;
}

/**
 * `/echo` answers with what has come, once all has; `/bytes/<n>` with so many as soon as the request is complete; `/wait`
 * leaves it to the test; `/refuse` answers at once with headers alone; `/slow` never takes data.
 */
export class TestServer {
  readonly #server: Http2Server;
  readonly seen: Seen[] = [];
  readonly failures: unknown[] = [];
  address = '';

  constructor({ silenceMs, greetingMs = 60_000 }: TestServerOptions = {}) {
    this.#server = new Http2Server({
      address: '127.0.0.1:0',
      silenceMs,
      greetingMs,
      handler: {
        request: (stream, isTooLarge) => this.#open(stream, isTooLarge),
        failed: (thrown) => this.failures.push(thrown),
      },
    });
  }

  async start(): Promise<this> {
    this.address = await this.#server.start();
    return this;
  }

  drain(): Promise<void> {
    return this.#server.drain();
  }

  async stop(): Promise<void> {
    const drained = this.#server.drain();
    this.#server.destroy();
    await drained;
  }

  #open(stream: ServerStream, isTooLarge: boolean): void {
    if (isTooLarge) return stream.respondAndEnd(tooLarge);
    const path = valueOf(stream.fields, ':path')!;
    const seen: Seen = { stream, path, events: [], bytes: 0 };
    this.seen.push(seen);
    if (path === '/refuse') return stream.respondAndEnd(answerHeaders);
    const pieces: Buffer[] = [];
    return stream.listen({
      data: (piece) => {
        seen.bytes += piece.length;
        if (path === '/slow') return;
        if (path === '/echo') pieces.push(Buffer.from(piece));
        stream.consumed(piece.length);
      },
      end: () => {
        seen.events.push('end');
        if (path === '/echo') answer(stream, pieces);
        if (path.startsWith('/bytes/')) answer(stream, [Buffer.alloc(Number(path.slice(7)), 'x')]);
      },
      drained: () => seen.events.push('drained'),
      broken: () => seen.events.push('broken'),
    });
  }
}

export function answer(stream: ServerStream, pieces: readonly Uint8Array[]): void {
  stream.respond(answerHeaders);
  stream.write(pieces);
  stream.end(trailers);
}
