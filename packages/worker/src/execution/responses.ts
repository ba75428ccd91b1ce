/** The responses of a streaming method: each goes out as it comes, and behind those of an instance what ends them. */
import { Block, failure, type Reply, type Value } from '@serving/common';
import type { FunctionStageDefinition, MethodDefinition } from '../definition/definition.js';
import type { BatchValues } from './batch-values.js';
import { outputError } from './output-check.js';
import { oneRow } from './replies.js';

/** What ends the responses of an instance has no outputs. */
const nothing = new Block(1, []).all();

export class Responses {
  readonly #method: MethodDefinition;
  readonly #values: BatchValues;
  readonly #emit: (reply: Reply) => void;
  /** How many an instance has had. */
  readonly #sequences: Uint32Array;
  readonly #ended = new Set<number>();

  /** @param emit throws when a reply cannot be sent */
  constructor(method: MethodDefinition, values: BatchValues, emit: (reply: Reply) => void) {
    this.#method = method;
    this.#values = values;
    this.#emit = emit;
    this.#sequences = new Uint32Array(values.count);
  }

  /** Sends a response. @param given what the stage gave @throws ServingError when it is none or cannot be sent */
  send(instance: number, { outputs: slots }: FunctionStageDefinition, given: readonly Value[]): void {
    const outputs = this.#method.outputs.map((output) => {
      const value = given[slots.indexOf(output.slot)]!;
      const error = outputError(this.#method, output, value);
      if (error !== undefined) throw error;
      return { name: output.name, value };
    });
    const sequence = this.#sequences[instance]!;
    this.#emit({
      first: instance,
      count: 1,
      sequence,
      last: false,
      outcome: { ok: true, outputs: oneRow(outputs) },
    });
    this.#sequences[instance] = sequence + 1;
  }

  /** No response to the instance follows: says so at once, for others may take long. */
  end(instance: number): void {
    this.#ended.add(instance);
    this.#emit(this.#final(instance));
  }

  /** What ends those that have not been ended. */
  rest(): Reply[] {
    const replies: Reply[] = [];
    for (let instance = 0; instance < this.#values.count; instance++)
      if (!this.#ended.has(instance)) replies.push(this.#final(instance));
    return replies;
  }

  #final(instance: number): Reply {
    const error = this.#values.errorOf(instance);
    const sequence = this.#sequences[instance]!;
    if (error !== undefined) return { ...failure(instance, 1, error), sequence };
    return { first: instance, count: 1, sequence, last: true, outcome: { ok: true, outputs: nothing } };
  }
}
