/**
 * What a server holds of requests that are still on their way. grpc-js hands over whole messages and collects their
 * pieces without a limit but that of one message, for as long as the sender likes; so this looks at the streams under
 * it: all pieces together are bounded in bytes, and each request in time.
 */
import type { EventEmitter } from 'node:events';
import { constants, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { LinkedList, type Linked } from '../collection/linked-list.js';
import { grpcStatus } from '../errors/error-codes.js';
import { systemClock, type Clock } from '../timing/clock.js';
import type { RpcRoute } from './rpc-handler.js';

export interface UnfinishedLimits {
  /** Bytes of all unfinished requests of the server together. */
  readonly maxBytes: number;
  /** Time for a request to arrive in full, in milliseconds, however small it is. */
  readonly graceMs: number;
}

/** Requests on their way: at least this many bytes, and as many of the largest messages. */
const leastUnfinishedBytes = 256 * 2 ** 20;
const unfinishedMessages = 4;
const unfinishedGraceMs = 60_000;

/** The limits of a server whose messages may have this many bytes. */
export function unfinishedLimits(maxMessageBytes: number): UnfinishedLimits {
  return {
    maxBytes: Math.max(leastUnfinishedBytes, unfinishedMessages * maxMessageBytes),
    graceMs: unfinishedGraceMs,
  };
}

/** About what a stream takes beside its headers, and a piece beside its bytes, which may be a single one. */
const streamBytes = 2048;
const pieceBytes = 128;
/** Beyond its grace a request gets a second for each of these; a slower sender is taken for one that never ends. */
const slowestBytesPerSecond = 64 * 1024;
export const sweepsPerGrace = 12;

/** Time that a request gets of which so many bytes have arrived. */
export function arrivalTimeMs(graceMs: number, bytes: number): number {
  return graceMs + (bytes / slowestBytesPerSecond) * 1000;
}

/** Compressed or not, and four bytes of length, come before each message. */
const prefixLength = 5;

export class UnfinishedRequests {
  readonly limits: UnfinishedLimits;
  readonly #kinds: ReadonlyMap<string, RpcRoute['kind']>;
  readonly #clock: Clock;
  readonly #open = new LinkedList<Unfinished>();
  #sweeping = false;
  bytes = 0;
  /** When it was swept last: near enough for when a request began, and free. */
  sweptAt: number;

  constructor(limits: UnfinishedLimits, routes: readonly RpcRoute[], clock: Clock = systemClock) {
    this.limits = limits;
    this.#kinds = new Map(routes.map(({ path, kind }) => [path, kind]));
    this.#clock = clock;
    this.sweptAt = clock.now();
  }

  /** Watches the requests of an HTTP/2 server, behind what grpc-js does with each. */
  watch(http2Server: EventEmitter): void {
    http2Server.on(
      'stream',
      (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, _flags: number, raw: readonly string[]) => {
        const kind = this.#kinds.get(String(headers[':path']));
        if (kind === undefined) {
          // It has been answered already. What still comes is thrown away instead of kept for a reader.
          stream.resume();
          return;
        }
        let size = streamBytes;
        for (const text of raw) size += text.length;
        this.#add(new Unfinished(this, stream, kind === 'unary', size));
      },
    );
  }

  #add(request: Unfinished): void {
    this.#open.add(request);
    if (this.#sweeping) return;
    this.sweptAt = this.#clock.now();
    this.#armSweep();
  }

  remove(request: Unfinished): void {
    this.#open.delete(request);
  }

  #armSweep(): void {
    this.#sweeping = this.#open.size > 0;
    if (!this.#sweeping) return;
    this.#clock.after(this.limits.graceMs / sweepsPerGrace, () => {
      this.sweptAt = this.#clock.now();
      for (const request of this.#open.members()) request.refuseIfLate();
      this.#armSweep();
    });
  }
}

/** A unary request until its sender half-closes; a stream as long as it lives, of which one message is on its way. */
class Unfinished implements Linked<Unfinished> {
  previous: Unfinished | undefined;
  next: Unfinished | undefined;
  list: LinkedList<Unfinished> | undefined;
  readonly #all: UnfinishedRequests;
  readonly #stream: ServerHttp2Stream;
  readonly #isUnary: boolean;
  readonly #ownBytes: number;
  #bytes: number;
  #since: number;
  /** Of the message on its way: bytes of its prefix that are here, its length as far as known, what is missing. */
  #prefix = 0;
  #missing = 0;
  #isGone = false;

  constructor(all: UnfinishedRequests, stream: ServerHttp2Stream, isUnary: boolean, ownBytes: number) {
    this.#all = all;
    this.#stream = stream;
    this.#isUnary = isUnary;
    this.#ownBytes = ownBytes;
    this.#bytes = ownBytes;
    this.#since = all.sweptAt;
    all.bytes += ownBytes;
    stream.on('data', (piece: Uint8Array) => this.#take(piece));
    const release = () => this.#release();
    if (isUnary) stream.on('end', release);
    stream.on('close', () => {
      release();
      // Nothing comes of it any more. Node keeps it in a Map for as long as it is open, and so, once that has been in
      // the way of a collection, until the next full one (see LinkedList): what listened to it need not stay, too.
      stream.removeAllListeners();
    });
    this.#refuseIfTooMany();
  }

  #take(piece: Uint8Array): void {
    if (this.#isGone) return;
    this.#charge(piece.length + pieceBytes);
    if (!this.#isUnary) this.#follow(piece);
    this.#refuseIfTooMany();
  }

  /** Finds the end of the message on its way: from there on it is its reader's. */
  #follow(piece: Uint8Array): void {
    for (let at = 0; at < piece.length;) {
      if (this.#prefix < prefixLength) {
        if (this.#prefix === 0) this.#since = this.#all.sweptAt;
        const byte = piece[at++]!;
        if (this.#prefix++ > 0) this.#missing = this.#missing * 256 + byte;
      } else {
        const taken = Math.min(this.#missing, piece.length - at);
        this.#missing -= taken;
        at += taken;
      }
      if (this.#prefix < prefixLength || this.#missing > 0) continue;
      this.#prefix = 0;
      this.#charge(this.#ownBytes + (piece.length - at) - this.#bytes);
    }
  }

  #charge(bytes: number): void {
    this.#bytes += bytes;
    this.#all.bytes += bytes;
  }

  #refuseIfTooMany(): void {
    const { maxBytes } = this.#all.limits;
    if (this.#all.bytes > maxBytes)
      this.#refuse(`requests on their way to this server hold more than ${maxBytes} bytes; try again later`);
  }

  refuseIfLate(): void {
    // A stream may be idle between its messages, and stands still while its reader is busy.
    if (!this.#isUnary && (this.#prefix === 0 || this.#stream.isPaused())) {
      this.#since = this.#all.sweptAt;
      return;
    }
    const { graceMs } = this.#all.limits;
    const allowedMs = arrivalTimeMs(graceMs, this.#bytes);
    if (this.#all.sweptAt - this.#since > allowedMs)
      this.#refuse(`the request did not arrive in full within ${Math.round(allowedMs)} ms`);
  }

  #refuse(why: string): void {
    const stream = this.#stream;
    this.#release();
    if (stream.destroyed || stream.closed) return;
    if (stream.writableEnded) return stream.close(constants.NGHTTP2_NO_ERROR);
    if (stream.headersSent) return stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    const status = {
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': grpcStatus.RESOURCE_EXHAUSTED,
      'grpc-message': why,
    };
    stream.respond(status, { endStream: true });
    return stream.close(constants.NGHTTP2_NO_ERROR);
  }

  #release(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#all.bytes -= this.#bytes;
    this.#all.remove(this);
  }
}
