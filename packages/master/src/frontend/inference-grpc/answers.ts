/** What a stream answers: in the order of the requests where each has one answer, and beside that where one has many. */
import type { RpcStream } from '@serving/common';

/** Requests of a stream that are not answered yet; further ones stay with the transport, which holds the client back. */
const mostPending = 256;

export class Answers {
  readonly #stream: RpcStream;
  readonly #onEnd: () => void;
  /** Resolves when all answers so far that have an order are sent. */
  #last: Promise<void> = Promise.resolve();
  readonly #pending = new Set<Promise<void>>();
  /** What the stream broke of, or the error that it ends with. */
  #failure: { readonly thrown: unknown } | undefined;
  #wake: () => void = () => undefined;

  /** @param onEnd called when nothing more can be sent: the stream is broken, or ends with an error */
  constructor(stream: RpcStream, onEnd: () => void) {
    this.#stream = stream;
    this.#onEnd = onEnd;
  }

  /** Resolves when one more request may be taken. @throws what the stream ends with */
  async room(): Promise<void> {
    while (this.#pending.size >= mostPending && this.#failure === undefined) await this.#change();
    this.#check();
  }

  /** Sends the answer after those that were added before. */
  add(answer: Promise<Uint8Array>): void {
    // An error is dealt with in its turn.
    answer.catch(() => undefined);
    this.#last = this.#sendAfter(this.#last, answer);
    this.addSending(this.#last);
  }

  /** Something that sends its answers by itself, until it resolves. */
  addSending(sending: Promise<void>): void {
    this.#pending.add(sending);
    const settled = (failure?: { readonly thrown: unknown }) => {
      this.#pending.delete(sending);
      if (failure !== undefined && this.#failure === undefined) {
        this.#failure = failure;
        this.#onEnd();
      }
      this.#wake();
    };
    sending.then(
      () => settled(),
      (thrown: unknown) => settled({ thrown }),
    );
  }

  async #sendAfter(before: Promise<void>, answer: Promise<Uint8Array>): Promise<void> {
    await before;
    await this.#stream.send(await answer);
  }

  /** Resolves when all is sent. @throws what the stream ends with */
  async sent(): Promise<void> {
    while (this.#pending.size > 0 && this.#failure === undefined) await this.#change();
    this.#check();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.thrown;
  }
}
