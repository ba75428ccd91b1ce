/**
 * The responses to one request that the transport has not taken yet. They come whether or not the client reads, so there
 * is a bound to them.
 */
import { Fifo, ServingError, type RpcStream } from '@serving/common';

/** Most of them, however small they are. */
export const mostUnsent = 65_536;

export class UnsentResponses {
  readonly #stream: RpcStream;
  readonly #mostBytes: number;
  readonly #waiting = new Fifo<Uint8Array>();
  #count = 0;
  #bytes = 0;
  #sending: Promise<void> = Promise.resolve();
  #isSending = false;

  /** @param mostBytes most bytes of them; a single larger one may always wait */
  constructor(stream: RpcStream, mostBytes: number) {
    this.#stream = stream;
    this.#mostBytes = mostBytes;
  }

  /** Takes a response, or gives an error when too much waits. */
  add(response: Uint8Array): ServingError | undefined {
    const count = this.#count;
    if (count >= mostUnsent || (count > 0 && this.#bytes + response.length > this.#mostBytes))
      return new ServingError(
        'READER_TOO_SLOW',
        `the client reads its responses more slowly than they come: ${count} of them, ${this.#bytes} bytes, wait to be sent; expected at most ${mostUnsent}, and ${this.#mostBytes} bytes`,
      );
    this.addLast(response);
    return undefined;
  }

  /** Takes what ends the responses, however many wait. */
  addLast(response: Uint8Array): void {
    this.#waiting.add(response);
    this.#count++;
    this.#bytes += response.length;
    if (this.#isSending) return;
    this.#isSending = true;
    this.#sending = this.#send();
    // Whoever waits for them learns of it.
    this.#sending.catch(() => undefined);
  }

  async #send(): Promise<void> {
    for (let next = this.#waiting.take(); next !== undefined; next = this.#waiting.take()) {
      this.#count--;
      this.#bytes -= next.length;
      // A stream that broke stays so: nothing is sent any more, and what comes is bounded.
      await this.#stream.send(next);
    }
    this.#isSending = false;
  }

  /** Resolves when all are sent. @throws ServingError CANCELLED when the stream is broken */
  sent(): Promise<void> {
    return this.#sending;
  }
}
