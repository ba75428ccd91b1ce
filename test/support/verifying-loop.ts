/** Callers that go on while things break, and look at every answer. */
import { outputsOf, type Client, type InferError } from '@serving/client';

/** Instances a call. */
const instances = 4;

export interface LoopResult {
  /** Calls whose every instance came back as it should. */
  readonly right: number;
  /** Everything else, as text. */
  readonly wrong: readonly string[];
}

/** Calls a method `double` with input x and output y = 2 x, from several callers at a time, until it is stopped. */
export class VerifyingLoop {
  readonly #client: Client;
  readonly #tolerates: (error: InferError) => boolean;
  readonly #callers: Promise<void>[];
  readonly #wrong: string[] = [];
  #right = 0;
  #next = 1;
  #isStopping = false;

  /** @param tolerates errors of a call that was not accepted: the caller tries again */
  constructor(client: Client, callers: number, tolerates: (error: InferError) => boolean = () => false) {
    this.#client = client;
    this.#tolerates = tolerates;
    this.#callers = Array.from({ length: callers }, () => this.#callAgainAndAgain());
  }

  /** Calls that were answered rightly so far. */
  get right(): number {
    return this.#right;
  }

  async stop(): Promise<LoopResult> {
    this.#isStopping = true;
    await Promise.all(this.#callers);
    return { right: this.#right, wrong: this.#wrong };
  }

  async #callAgainAndAgain(): Promise<void> {
    while (!this.#isStopping) {
      const values = Array.from({ length: instances }, () => this.#next++);
      try {
        const results = await this.#client.infer(values.map((x) => ({ x })));
        const given = results.map((result) => {
          const y = outputsOf(result)['y'] as { data: Float32Array };
          return y.data[0];
        });
        if (given.join() === values.map((x) => 2 * x).join()) this.#right++;
        else this.#wrong.push(`${values.join()} gave ${given.join()}`);
      } catch (thrown) {
        await this.#failed(thrown as InferError);
      }
    }
  }

  async #failed(error: InferError): Promise<void> {
    if (!this.#tolerates(error)) this.#wrong.push(`${error.code}: ${error.message}`);
    // A server that is gone refuses at once.
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
