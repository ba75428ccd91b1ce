/** A generator at work: what it yields, for as long as that may take, and its end when nobody wants more. */
import type { ModelUser } from '../models/model-user.js';
import { isThenable } from './awaited.js';
import type { FunctionRun } from './function-run.js';
import type { AnyIterator } from './returned-values.js';

export class Yielding {
  readonly #run: FunctionRun;
  readonly #user: ModelUser;
  readonly #iterator: AnyIterator;
  readonly #isUnwanted: () => boolean;

  /** @param isUnwanted whether nobody waits for what it yields; looked at while it is waited for */
  constructor(
    run: FunctionRun,
    user: ModelUser,
    iterator: AnyIterator,
    isUnwanted = run.context.isCancelled,
  ) {
    this.#run = run;
    this.#user = user;
    this.#iterator = iterator;
    this.#isUnwanted = isUnwanted;
  }

  /** @throws what the generator throws, or an Error that says how late it is */
  async next(): Promise<IteratorResult<unknown>> {
    const step = this.#user.run(() => this.#iterator.next());
    if (!isThenable(step)) return step;
    this.#run.context.progress();
    return (await this.#run.settled(this.#user, step, this.#isUnwanted)) as IteratorResult<unknown>;
  }

  /** Lets it clean up, whatever that does; one that still works on a result does so afterwards. */
  end(): void {
    try {
      const ended = this.#user.run(() => this.#iterator.return?.());
      if (isThenable(ended)) Promise.resolve(ended).catch(() => undefined);
    } catch {
      // It had no results to give any more.
    }
  }
}
