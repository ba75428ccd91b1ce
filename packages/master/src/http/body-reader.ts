/** Reads the body of a request: bounded in bytes, before and after decompression, and in time. */
import { arrivalTimeMs, ServingError } from '@serving/common';
import type { IncomingMessage } from 'node:http';
import { decompressor } from './content-coding.js';
import type { StallWatch } from './stall-watch.js';

export interface BodyLimits {
  /** Largest body, as it is sent and decompressed. */
  readonly maxBytes: number;
  /** Largest sum of the bodies that are on their way at a time. */
  readonly maxTotalBytes: number;
}

/** A body that has arrived in full. */
export interface ReceivedBody {
  /** One after another. Whoever takes them empties the list. */
  readonly pieces: Uint8Array[];
  /** Ends that it counts as on its way; may be called again. */
  readonly release: () => void;
}

const noBody: ReceivedBody = { pieces: [], release: () => undefined };
/** About what a piece takes beside its bytes. */
const pieceBytes = 128;

export class BodyReader {
  readonly #limits: BodyLimits;
  readonly #watch: StallWatch;
  #totalBytes = 0;

  constructor(limits: BodyLimits, watch: StallWatch) {
    this.#limits = limits;
    this.#watch = watch;
  }

  /**
   * Resolves with the body when all of it is there; it counts as on its way until it is released. Once it has rejected,
   * what still comes is not read here.
   * @throws ServingError BODY_TOO_LARGE, BODY_TOO_SLOW, BAD_REQUEST for what cannot be decompressed, QUEUE_FULL when
   * too much is on its way already, CANCELLED when the caller is gone
   */
  read(request: IncomingMessage): Promise<ReceivedBody> | ReceivedBody {
    const { headers } = request;
    const declared = headers['content-length'];
    if (declared === '0' || (declared === undefined && headers['transfer-encoding'] === undefined))
      return noBody;
    if (Number(declared) > this.#limits.maxBytes) throw tooLarge(this.#limits.maxBytes, `${declared}`);
    const inflated = decompressor(headers['content-encoding']);
    return new Upload(this, request, inflated).body();
  }

  get watch(): StallWatch {
    return this.#watch;
  }

  get maxBytes(): number {
    return this.#limits.maxBytes;
  }

  /** @throws ServingError QUEUE_FULL */
  charge(bytes: number): void {
    this.#totalBytes += bytes;
    const { maxTotalBytes } = this.#limits;
    if (this.#totalBytes > maxTotalBytes)
      throw new ServingError(
        'QUEUE_FULL',
        `requests on their way to this server hold more than ${maxTotalBytes} bytes; try again later`,
      );
  }

  release(bytes: number): void {
    this.#totalBytes -= bytes;
  }
}

function tooLarge(maxBytes: number, given: string): ServingError {
  return new ServingError(
    'BODY_TOO_LARGE',
    `body: expected at most ${maxBytes} bytes (--max-message-mb), given ${given}`,
  );
}

/** One body on its way. */
class Upload {
  readonly #reader: BodyReader;
  readonly #request: IncomingMessage;
  readonly #inflated: ReturnType<typeof decompressor>;
  readonly #since: number;
  readonly #pieces: Uint8Array[] = [];
  /** Of the body so far, and on the wire. */
  #bytes = 0;
  #received = 0;
  #charged = 0;
  #settle: { resolve: (body: ReceivedBody) => void; reject: (error: unknown) => void } | undefined;

  constructor(reader: BodyReader, request: IncomingMessage, inflated: ReturnType<typeof decompressor>) {
    this.#reader = reader;
    this.#request = request;
    this.#inflated = inflated;
    this.#since = reader.watch.now();
  }

  body(): Promise<ReceivedBody> {
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#reader.watch.add(this);
      const request = this.#request;
      request.on('data', this.#onData);
      request.on('end', this.#onEnd);
      request.on('error', this.#onGone);
      request.on('close', this.#onGone);
      this.#inflated?.on('data', (piece: Uint8Array) => this.#take(piece));
      this.#inflated?.on('end', () => this.#finish());
      this.#inflated?.on('error', (error) => this.#fail(undecodable(request, error)));
    });
  }

  isStalled(nowMs: number): boolean {
    return nowMs - this.#since > arrivalTimeMs(this.#reader.watch.graceMs, this.#received);
  }

  giveUp(): void {
    const allowedMs = Math.round(arrivalTimeMs(this.#reader.watch.graceMs, this.#received));
    this.#fail(
      new ServingError(
        'BODY_TOO_SLOW',
        `body: expected it in full within ${allowedMs} ms, given ${this.#received} bytes of it`,
      ),
    );
  }

  readonly #onData = (piece: Uint8Array): void => {
    this.#received += piece.length;
    if (this.#inflated === undefined) return this.#take(piece);
    if (!this.#inflated.write(piece)) {
      this.#request.pause();
      this.#inflated.once('drain', () => this.#request.resume());
    }
    return undefined;
  };

  readonly #onEnd = (): void => {
    if (this.#inflated === undefined) this.#finish();
    else this.#inflated.end();
  };

  readonly #onGone = (): void => {
    // An upload that is whole closes as well.
    if (!this.#request.complete)
      this.#fail(new ServingError('CANCELLED', 'the caller went away before its request was whole'));
  };

  #take(piece: Uint8Array): void {
    if (this.#settle === undefined) return;
    this.#bytes += piece.length;
    try {
      if (this.#bytes > this.#reader.maxBytes) throw tooLarge(this.#reader.maxBytes, 'more');
      this.#charged += piece.length + pieceBytes;
      this.#reader.charge(piece.length + pieceBytes);
    } catch (thrown) {
      return this.#fail(thrown);
    }
    this.#pieces.push(piece);
    return undefined;
  }

  #finish(): void {
    this.#end()?.resolve({ pieces: this.#pieces, release: this.#release });
  }

  #fail(error: unknown): void {
    const settle = this.#end();
    if (settle === undefined) return;
    this.#release();
    this.#pieces.length = 0;
    settle.reject(error);
  }

  readonly #release = (): void => {
    this.#reader.release(this.#charged);
    this.#charged = 0;
  };

  /** Gives what is to be settled, once. */
  #end() {
    const settle = this.#settle;
    if (settle === undefined) return undefined;
    this.#settle = undefined;
    this.#reader.watch.remove(this);
    const request = this.#request;
    request.off('data', this.#onData);
    request.off('end', this.#onEnd);
    request.off('close', this.#onGone);
    this.#inflated?.destroy();
    return settle;
  }
}

function undecodable({ headers }: IncomingMessage, { message }: Error): ServingError {
  return new ServingError(
    'BAD_REQUEST',
    `body: expected ${headers['content-encoding']} as Content-Encoding says, given something else: ${message}`,
  );
}
