/** The reply sink of a streaming request: hands responses on as they come, and keeps how each instance ends. */
import { failure, type BlockRange, type Reply, type ReplySink, type ServingError } from '@serving/common';
import type { ReplyCollector } from './reply-collector.js';

/** Takes a response; gives an error when the instance is to get no more of them, and is to end with that. */
export type TakeResponse = (outputs: BlockRange) => ServingError | undefined;

export class ResponseSink implements ReplySink {
  readonly #ends: ReplyCollector;
  readonly #take: TakeResponse;

  /** @param ends takes the final replies */
  constructor(ends: ReplyCollector, take: TakeResponse) {
    this.#ends = ends;
    this.#take = take;
  }

  reply(reply: Reply): void {
    const { first, count, last, outcome } = reply;
    if (last) return this.#ends.reply(reply);
    if (this.#ends.isComplete || !outcome.ok) return;
    const error = this.#take(outcome.outputs);
    if (error !== undefined) this.#ends.reply(failure(first, count, error));
  }
}
