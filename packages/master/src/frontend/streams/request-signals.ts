/** Whether anybody still waits for the requests of a stream: one signal each, kept only until it is answered. */
import type { CancelSignal } from '@serving/common';

/**
 * Streams live long, and the signal of one keeps every listener until the stream ends; so it has a single one, which
 * tells those requests that are in progress.
 */
export class RequestSignals {
  readonly #inProgress = new Set<RequestSignal>();
  #aborted = false;

  constructor(stream: CancelSignal) {
    stream.onAbort(() => this.abort());
  }

  /** Gives up all requests in progress, and those to come. */
  abort(): void {
    this.#aborted = true;
    for (const signal of this.#inProgress) signal.abort();
    this.#inProgress.clear();
  }

  /** Runs a request with a signal of its own. */
  async during<Result>(run: (signal: RequestSignal) => Promise<Result>): Promise<Result> {
    const signal = new RequestSignal();
    if (this.#aborted) signal.abort();
    this.#inProgress.add(signal);
    try {
      return await run(signal);
    } finally {
      this.#inProgress.delete(signal);
    }
  }
}

export class RequestSignal implements CancelSignal {
  #aborted = false;
  readonly #listeners: (() => void)[] = [];

  get aborted(): boolean {
    return this.#aborted;
  }

  onAbort(listener: () => void): void {
    if (this.#aborted) listener();
    else this.#listeners.push(listener);
  }

  abort(): void {
    this.#aborted = true;
    for (const listener of this.#listeners.splice(0)) listener();
  }
}
