/**
 * The last stage of a streaming method: a function that is called per instance and yields the responses to it, one after
 * another. The instances of a batch take turns.
 */
import { setImmediate as nextTurn, setTimeout } from 'node:timers/promises';
import { ServingError, type Value } from '@serving/common';
import type { FunctionStageDefinition } from '../definition/definition.js';
import { ModelUser } from '../models/model-user.js';
import { isThenable } from './awaited.js';
import type { BatchValues } from './batch-values.js';
import { FunctionRun } from './function-run.js';
import type { Responses } from './responses.js';
import { asIterator } from './returned-values.js';
import type { StageContext } from './stage-context.js';
import { Yielding } from './yielding.js';

/** How often it is looked at whether responses may be given again, in milliseconds. */
const roomLookMs = 1;

export async function runStreamingStage(
  stage: FunctionStageDefinition,
  values: BatchValues,
  context: StageContext,
  responses: Responses,
): Promise<void> {
  await new StreamingRun(new FunctionRun(stage, values, context), values, responses).run();
}

class StreamingRun {
  readonly #run: FunctionRun;
  readonly #values: BatchValues;
  readonly #responses: Responses;
  /** Instances that have responses to come. */
  readonly #open = new Set<number>();
  /** From the first to the last that was begun. */
  #span = { first: 0, count: 0 };

  constructor(run: FunctionRun, values: BatchValues, responses: Responses) {
    this.#run = run;
    this.#values = values;
    this.#responses = responses;
  }

  async run(): Promise<void> {
    const streams: Promise<void>[] = [];
    for (const instance of this.#run.startable()) {
      if (this.#run.context.isCancelled()) break;
      this.#open.add(instance);
      streams.push(this.#stream(instance));
    }
    if (this.#open.size > 0) this.#endFailed();
    await Promise.all(streams);
  }

  /** Those that have failed before need not wait for the others. */
  #endFailed(): void {
    for (let instance = 0; instance < this.#values.count; instance++)
      if (!this.#open.has(instance) && this.#values.errorOf(instance) !== undefined)
        this.#responses.end(instance);
  }

  async #stream(instance: number): Promise<void> {
    this.#values.begin(instance);
    const first = this.#span.count === 0 ? instance : this.#span.first;
    this.#span = { first, count: instance - first + 1 };
    const user = new ModelUser();
    let yielding: Yielding | undefined;
    try {
      yielding = await this.#start(instance, user);
      while (await this.#next(instance, yielding)) await nextTurn();
    } catch (thrown) {
      this.#run.fail(instance, thrown);
    }
    yielding?.end();
    this.#open.delete(instance);
    // What ends the last one goes with the end of the batch; a cancelled batch is answered as a whole.
    if (this.#open.size > 0 && !this.#run.context.isCancelled()) this.#responses.end(instance);
  }

  async #start(instance: number, user: ModelUser): Promise<Yielding> {
    const { stage, context } = this.#run;
    const isUnwanted = () => !this.#isWanted(instance);
    context.workOn(instance, 1);
    const inputs = this.#run.argumentsOf(instance);
    let returned = user.run(() => stage.run(...inputs));
    if (isThenable(returned)) {
      this.#wait();
      returned = await this.#run.settled(user, returned, isUnwanted);
    }
    return new Yielding(this.#run, user, asIterator(returned), isUnwanted);
  }

  /** Sends the next response; false when there is none, or nobody wants it. */
  async #next(instance: number, yielding: Yielding): Promise<boolean> {
    const { context } = this.#run;
    await this.#room(instance);
    if (!this.#isWanted(instance)) return false;
    context.workOn(instance, 1);
    const step = yielding.next();
    this.#wait();
    const { done, value } = await step;
    if (done === true) return false;
    const given = this.#run.read(value);
    if ('thrown' in given) throw given.thrown;
    // Where it was waited for, somebody may have given up meanwhile.
    if (!this.#isWanted(instance)) return false;
    context.progress();
    return this.#send(instance, given.values);
  }

  /** Responses that are given faster than they go on would fill the memory. */
  async #room(instance: number): Promise<void> {
    const { hasRoom, progress } = this.#run.context;
    while (!hasRoom() && this.#isWanted(instance)) {
      progress();
      await setTimeout(roomLookMs);
    }
  }

  #isWanted(instance: number): boolean {
    return !this.#run.context.isCancelled() && this.#values.isWanted(instance);
  }

  /** False when it was no response, or cannot be sent: the instance has failed. */
  #send(instance: number, given: readonly Value[]): boolean {
    try {
      this.#responses.send(instance, this.#run.stage, given);
      return true;
    } catch (thrown) {
      this.#values.fail(instance, ServingError.from(thrown));
      return false;
    }
  }

  /** From here on any of them may be the one that runs, and blocks the thread. */
  #wait(): void {
    this.#run.context.workOn(this.#span.first, this.#span.count);
  }
}
