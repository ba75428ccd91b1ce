/** A function stage at work on a batch: what the function is given, and what becomes of what it gives. */
import { firstLine, isInputError, ServingError, type Value } from '@serving/common';
import type { FunctionStageDefinition } from '../definition/definition.js';
import type { ModelUser } from '../models/model-user.js';
import { nobodyWaits, within } from './awaited.js';
import { SlotValues, type BatchValues } from './batch-values.js';
import { asOutputs } from './returned-values.js';
import type { StageContext } from './stage-context.js';

/** The outputs of an instance, or why there are none. */
export type Given = { readonly values: readonly Value[] } | { readonly thrown: unknown };

/** One function over the instances of a batch: their inputs, and where their outputs go. */
export class FunctionRun {
  readonly stage: FunctionStageDefinition;
  readonly context: StageContext;
  readonly #values: BatchValues;
  readonly #inputs: readonly SlotValues[];
  readonly #outputs: (Value | undefined)[][];

  constructor(stage: FunctionStageDefinition, values: BatchValues, context: StageContext) {
    this.stage = stage;
    this.context = context;
    this.#values = values;
    this.#inputs = stage.inputs.map((slot) => values.slot(slot));
    for (const input of this.#inputs) input.keepHere();
    this.#outputs = stage.outputs.map(() => Array.from({ length: values.count }));
  }

  /** Of these, or all, the instances that may be started when their turn comes. */
  startable(instances?: Iterable<number>): Iterable<number> {
    return this.#values.startable(instances);
  }

  /**
   * What a call of the function has promised. When that is late, or nobody waits for it any more, the call gets no more
   * runs of models, wherever it goes on.
   * @throws whatever it rejects with, an Error that says how late it is, or nobodyWaits
   */
  async settled(
    user: ModelUser,
    promise: PromiseLike<unknown>,
    isCancelled = this.context.isCancelled,
  ): Promise<unknown> {
    const { progress } = this.context;
    const timeoutMs = this.stage.timeoutMs ?? this.context.timeoutMs;
    try {
      return await within(promise, { timeoutMs, isCancelled, progress });
    } catch (thrown) {
      user.leave();
      throw thrown;
    }
  }

  argumentsOf(instance: number): Value[] {
    return this.#inputs.map((input) => input.row(instance));
  }

  /** Those of its arguments that a function may write to. */
  writableOf(instance: number): Value[] {
    return this.#inputs.flatMap((input) => (input.constant === undefined ? [input.row(instance)] : []));
  }

  /** What the function gave for an instance, as it is now: it may fill the same array again. */
  read(returned: unknown): Given {
    try {
      return { values: asOutputs(returned, this.#outputs.length) };
    } catch (thrown) {
      return { thrown };
    }
  }

  take(instance: number, given: Given): void {
    if ('thrown' in given) return this.fail(instance, given.thrown);
    for (const [index, value] of given.values.entries()) this.#outputs[index]![instance] = value;
  }

  /** The text of MindSpore Serving 1.5 and later; the exception's first line reaches the caller. */
  fail(instance: number, thrown: unknown): void {
    // The whole batch is answered so.
    if (thrown === nobodyWaits) return;
    const { stage, context } = this;
    const tag = stage.tag ?? `Function '${context.servable}.${stage.name}'`;
    const message = `Call ${tag} Failed, method: '${context.method}', stage index(begin with 1): ${context.stageIndex + 1}, error msg: ${firstLine(thrown)}`;
    const code = isInputError(thrown) ? 'INPUT_MISMATCH' : 'STAGE_FAILED';
    this.#values.fail(instance, new ServingError(code, message, { cause: thrown }));
  }

  finish(): void {
    for (const [index, slot] of this.stage.outputs.entries())
      this.#values.set(slot, SlotValues.ofRows(this.#outputs[index]!));
  }
}
