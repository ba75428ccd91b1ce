/** A declared model, as a stage and as something that functions call. */
import { BytesTensor, ServingError, StringTensor, Tensor, type Value } from '@serving/common';
import { mistakeHere } from '../definition/definition-draft.js';
import { modelKey, type ModelDefinition } from '../definition/definition.js';
import type { CallableModel } from '../definition/model-caller.js';
import { show } from './checks.js';

/** One ONNX file of a model: a stage, and callable from functions. */
export class Subgraph {
  /** @internal */
  readonly definition: ModelDefinition;
  /** Position in the model's list of files. */
  readonly index: number;

  /** @internal */
  constructor(definition: ModelDefinition, index: number) {
    this.definition = definition;
    this.index = index;
  }

  /**
   * Runs one instance, from inside a function stage: one value per input of the model, in its order and without the
   * batch dimension. Resolves with one value per output; `call<[Tensor, Tensor]>(…)` says what these are for a model that
   * is known to have two outputs of numbers.
   * @throws ServingError when the values do not fit, the run fails, or nobody waits for the batch any more; at once, and
   * naming the line, when it is called while the servable_config is being loaded
   */
  call<Outputs extends readonly Value[] = Value[]>(...inputs: readonly Value[]): Promise<Outputs> {
    return heard(this.#callOne(this.#loaded(), inputs));
  }

  async #callOne<Outputs extends readonly Value[]>(
    model: CallableModel,
    inputs: readonly Value[],
  ): Promise<Outputs> {
    if (inputs.length === 0) throw this.#failed('no inputs provided');
    const [outputs] = await this.#callAll<Outputs>(model, [inputs]);
    return outputs!;
  }

  /**
   * Runs several instances, each a list of values as for `call`, as many at a time as the model takes.
   * @throws ServingError as `call`, for the first instance that fails
   */
  callBatch<Outputs extends readonly Value[] = Value[]>(
    instances: readonly (readonly Value[])[],
  ): Promise<Outputs[]> {
    return heard(this.#callAll(this.#loaded(), instances));
  }

  /** A promise that the configuration does not wait for would hide the mistake, so it is thrown. */
  #loaded(): CallableModel {
    const { model } = this.definition.caller;
    if (model !== undefined) return model;
    throw mistakeHere(
      `${this.#prefix()}the model is not loaded yet: expected a call from inside a function given to addStage, given one while the servable_config is being loaded`,
    );
  }

  async #callAll<Outputs extends readonly Value[]>(
    model: CallableModel,
    instances: readonly (readonly Value[])[],
  ): Promise<Outputs[]> {
    if (!Number.isInteger(this.index) || this.index < 0 || this.index >= model.subgraphs)
      throw this.#failed(
        `The model does not have subgraph of index ${String(this.index)}, the subgraph count of the model is ${model.subgraphs}`,
      );
    this.#check(instances, model.inputCount(this.index));
    const outcomes = await model.run(this.index, instances);
    return outcomes.map((outcome, index) => {
      if (!(outcome instanceof ServingError)) return [...outcome] as readonly Value[] as Outputs;
      const which = instances.length === 1 ? '' : `instance ${index}: `;
      throw new ServingError(outcome.code, `${this.#prefix()}${which}${outcome.message}`, { cause: outcome });
    });
  }

  #check(instances: readonly unknown[], expected: number): void {
    if (!Array.isArray(instances) || instances.length === 0)
      throw this.#failed('no inputs provided; expected a list of instances, each a list of values');
    for (const [index, instance] of instances.entries()) {
      if (!Array.isArray(instance))
        throw this.#failed(`inputs format invalid: expected a list of values for instance ${index}`);
      if (instance.length !== expected)
        throw this.#failed(
          `The inputs count ${instance.length} of instance ${index} is not equal to the inputs count ${expected} of the model`,
        );
      const odd = instance.findIndex((value) => !isValue(value));
      if (odd !== -1)
        throw this.#failed(
          `inputs format invalid: expected a Tensor, StringTensor, BytesTensor, text or Uint8Array as input ${odd} of instance ${index}, given ${show(instance[odd])}`,
        );
    }
  }

  #prefix(): string {
    const subgraph = this.index === 0 ? '' : `, subgraph=${this.index}`;
    return `Model(${modelKey(this.definition)}${subgraph}).call() failed: `;
  }

  #failed(why: string): ServingError {
    return new ServingError('STAGE_FAILED', `${this.#prefix()}${why}`);
  }
}

/** Functions make several calls before they await the first: a rejection that is not awaited at that moment is no stray one. */
function heard<T>(call: Promise<T>): Promise<T> {
  call.catch(() => undefined);
  return call;
}

/** Functions may be plain JavaScript, and numbers or typed arrays do not say what shape they have. */
function isValue(value: unknown): value is Value {
  return (
    typeof value === 'string' ||
    [Tensor, StringTensor, BytesTensor, Uint8Array].some((kind) => value instanceof kind)
  );
}

/** A declared model; as a stage and when called, it is its first file. */
export class Model extends Subgraph {
  /** @internal */
  constructor(definition: ModelDefinition) {
    super(definition, 0);
  }

  /** One of the files of a model that was declared with a list of them, from 0. */
  subgraph(index: number): Subgraph {
    return new Subgraph(this.definition, index);
  }
}
