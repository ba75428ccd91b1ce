/** A reply that its handler has given and that its caller does not take: it is not kept for ever. */
import type { LinkedList } from '../collection/linked-list.js';
import { errorCode } from '../http2/frames.js';
import type { Swept, UnfinishedRequests } from './unfinished-requests.js';

/** Where the reply is on its way. */
export interface ReplyStream {
  readonly unsentBytes: number;
  reset(code: number): void;
}

/** From when its handler is done until its stream is over. */
export class UnsentReply implements Swept {
  previous: Swept | undefined;
  next: Swept | undefined;
  list: LinkedList<Swept> | undefined;
  readonly #all: UnfinishedRequests;
  readonly #stream: ReplyStream;
  #unsentBytes: number;
  /** When something of it was sent last. */
  #since: number;

  constructor(all: UnfinishedRequests, stream: ReplyStream) {
    this.#all = all;
    this.#stream = stream;
    this.#unsentBytes = stream.unsentBytes;
    all.add(this);
    this.#since = all.sweptAt;
  }

  endIfLate(): void {
    const { unsentBytes } = this.#stream;
    if (unsentBytes !== this.#unsentBytes) {
      this.#unsentBytes = unsentBytes;
      this.#since = this.#all.sweptAt;
    } else if (this.#all.sweptAt - this.#since > this.#all.limits.graceMs)
      this.#stream.reset(errorCode.cancel);
  }

  end(): void {
    this.#all.remove(this);
  }
}
