/**
 * What a servable_config is written with. The configuration runs once per executor thread when the servable is
 * loaded; module state of it is therefore per executor.
 *
 * ```ts
 * import { addStage, declareModel, registerMethod, type Tensor } from '@serving/worker';
 *
 * const toFloat32 = (x1: Tensor, x2: Tensor) => [x1.astype('float32'), x2.astype('float32')];
 * const add = declareModel({ file: 'tensor_add.onnx', withBatchDim: false });
 *
 * registerMethod('add_cast', { inputs: ['x1', 'x2'], outputs: ['y'] }, (x1, x2) => {
 *   const [f1, f2] = addStage(toFloat32, [x1, x2], { outputs: 2 });
 *   return addStage(add, [f1, f2]);
 * });
 * ```
 */
import type { ModelDefinition, StageDefinition, StageFunction } from './definition.js';
import { currentDraft, mistakeHere, type DefinitionDraft } from './definition-draft.js';

export { Tensor, type NumericType, type TypedArray, type Value } from '@serving/common';

export interface ModelOptions {
  /** ONNX file in each version folder, for instance `tensor_add.onnx`. */
  file: string;
  /**
   * true: dimension 0 of every input and output is the batch, and clients send instances without it.
   * false: one instance is a whole model input; a batch then runs instance after instance.
   * @default true
   */
  withBatchDim?: boolean;
}

/** A declared model, to be used as a stage. */
export class Model {
  /** @internal */
  readonly definition: ModelDefinition;

  /** @internal */
  constructor(definition: ModelDefinition) {
    this.definition = definition;
  }
}

/** Stands for a value of every instance while a method's stages are put together. */
export class Placeholder {
  /** @internal */
  readonly slot: number;
  /** @internal */
  readonly method: MethodDraft;

  /** @internal */
  constructor(slot: number, method: MethodDraft) {
    this.slot = slot;
    this.method = method;
  }
}

// Not members of the class: for TypeScript a placeholder is no list and no number, so that it finds these mistakes first.
Object.defineProperties(Placeholder.prototype, {
  [Symbol.iterator]: {
    value(this: Placeholder): never {
      throw mistakeHere(
        `method ${this.method.name}: expected a list, given one placeholder; a stage that gives several values says how many: addStage(stage, inputs, { outputs: 2 })`,
      );
    },
  },
  [Symbol.toPrimitive]: {
    value(this: Placeholder): never {
      throw mistakeHere(
        `method ${this.method.name}: placeholders stand for values that exist only when requests run; compute in a stage`,
      );
    },
  },
});

/** @internal The method whose builder function is running. */
interface MethodDraft {
  readonly name: string;
  readonly stages: StageDefinition[];
  slotCount: number;
}

let building: MethodDraft | undefined;

/**
 * Declares a model of this servable. A file can be declared once.
 * @throws ServingError LOAD_FAILED naming the line when an option is unknown, missing or of the wrong type
 */
export function declareModel(options: ModelOptions): Model {
  const draft = currentDraft('declareModel');
  checkOptions(draft, 'declareModel', options, ['file', 'withBatchDim']);
  const { file, withBatchDim = true } = options;
  if (typeof file !== 'string' || file === '')
    throw draft.mistake(`declareModel: file: expected a file name, given ${show(file)}`);
  if (typeof withBatchDim !== 'boolean')
    throw draft.mistake(`declareModel: withBatchDim: expected true or false, given ${show(withBatchDim)}`);
  const definition: ModelDefinition = { file, withBatchDim, at: draft.here() };
  draft.addModel(definition);
  return new Model(definition);
}

/** Placeholders of `Count` outputs: one, or a tuple. */
export type StageOutputs<Count extends number> = number extends Count
  ? Placeholder[]
  : Count extends 1
    ? Placeholder
    : Tuple<Count>;

type Tuple<Count extends number, Items extends Placeholder[] = []> = Items['length'] extends Count
  ? Items
  : Tuple<Count, [...Items, Placeholder]>;

/**
 * Adds a step to the method being registered: a function that gets one value per argument for each instance, or a
 * declared model. Functions get numbers as `Tensor`, text as `string`, bytes as `Uint8Array`, and return the same
 * (with `outputs` above 1, an array of that length); they may be async.
 *
 * @param inputs inputs of the method or outputs of earlier stages
 * @param options outputs: how many values the stage gives, default 1
 * @throws ServingError LOAD_FAILED naming the line
 */
export function addStage<const Count extends number = 1>(
  stage: StageFunction | Model,
  inputs: readonly Placeholder[],
  options: { outputs?: Count } = {},
): StageOutputs<Count> {
  const draft = currentDraft('addStage');
  const method = building;
  if (method === undefined)
    throw draft.mistake('addStage can only be called inside the function given to registerMethod');
  checkOptions(draft, 'addStage', options, ['outputs']);
  const count = options.outputs ?? 1;
  if (!Number.isInteger(count) || count < 1)
    throw draft.mistake(`addStage: outputs: expected a whole number from 1, given ${show(count)}`);
  const slots = Array.from({ length: count }, () => method.slotCount++);
  method.stages.push(stageDefinition(draft, method, stage, inputs, slots));
  const placeholders = slots.map((slot) => new Placeholder(slot, method));
  return (count === 1 ? placeholders[0] : placeholders) as StageOutputs<Count>;
}

function stageDefinition(
  draft: DefinitionDraft,
  method: MethodDraft,
  stage: StageFunction | Model,
  inputs: readonly Placeholder[],
  outputs: readonly number[],
): StageDefinition {
  if (!Array.isArray(inputs))
    throw draft.mistake(`addStage: inputs: expected a list of placeholders, given ${show(inputs)}`);
  const slots = inputs.map((input: unknown, index) =>
    slotOf(draft, method, input, `argument ${index + 1} of the stage`),
  );
  const common = { inputs: slots, outputs, at: draft.here() };
  if (stage instanceof Model) {
    if (!draft.isDeclared(stage.definition))
      throw draft.mistake('addStage: the model was not declared in this servable_config');
    return { kind: 'model', model: stage.definition, ...common };
  }
  if (typeof stage !== 'function')
    throw draft.mistake(`addStage: stage: expected a function or a declared model, given ${show(stage)}`);
  return { kind: 'function', name: stage.name || 'anonymous', run: stage, ...common };
}

function slotOf(draft: DefinitionDraft, method: MethodDraft, given: unknown, what: string): number {
  if (given instanceof Placeholder && given.method === method) return given.slot;
  const missing = given === undefined ? '; is an input missing in the inputs list of registerMethod?' : '';
  throw draft.mistake(
    `method ${method.name}: ${what}: expected an input of the method or an output of an earlier stage, given ${show(given)}${missing}`,
  );
}

export interface MethodOptions<Inputs extends readonly string[]> {
  /** Names of the inputs, in the order the function gets them. */
  inputs: Inputs;
  /** Names of the outputs, in the order the function returns them. */
  outputs: readonly string[];
  /**
   * true: an instance may be run again, on another worker, when its worker was lost while it may have run; stages
   * without lasting effects are like that. false: such an instance is answered with WORKER_LOST instead, for stages
   * that count, bill or write.
   * @default true
   */
  idempotent?: boolean;
}

/**
 * Registers a method that clients call by name. `build` runs once, at load, with a placeholder per input; it puts the
 * stages together with `addStage` and returns a placeholder per output.
 * @throws ServingError LOAD_FAILED naming the line
 */
export function registerMethod<const Inputs extends readonly string[]>(
  name: string,
  options: MethodOptions<Inputs>,
  build: (...inputs: { [Index in keyof Inputs]: Placeholder }) => Placeholder | readonly Placeholder[],
): void {
  const draft = currentDraft('registerMethod');
  if (typeof name !== 'string' || name === '')
    throw draft.mistake(`registerMethod: name: expected a text, given ${show(name)}`);
  if (building !== undefined)
    throw draft.mistake(`registerMethod '${name}' inside registerMethod '${building.name}'`);
  checkOptions(draft, `method ${name}`, options, ['inputs', 'outputs', 'idempotent']);
  checkNames(draft, name, 'inputs', options.inputs);
  checkNames(draft, name, 'outputs', options.outputs);
  const { idempotent = true } = options;
  if (typeof idempotent !== 'boolean')
    throw draft.mistake(`method ${name}: idempotent: expected true or false, given ${show(idempotent)}`);
  checkArity(draft, name, options.inputs, build);
  const at = draft.here();
  const method: MethodDraft = { name, stages: [], slotCount: options.inputs.length };
  const returned = buildStages(draft, method, options.inputs, build);
  if (returned.length !== options.outputs.length) {
    throw draft.mistake(
      `Method return output size ${returned.length} not match registered ${options.outputs.length} (method ${name})`,
    );
  }
  const outputs = options.outputs.map((output, index) => ({
    name: output,
    slot: slotOf(draft, method, returned[index], `output ${output}`),
  }));
  draft.addMethod({
    name,
    inputs: [...options.inputs],
    outputs,
    stages: method.stages,
    slotCount: method.slotCount,
    idempotent,
    at,
  });
}

function buildStages(
  draft: DefinitionDraft,
  method: MethodDraft,
  inputs: readonly string[],
  build: (...inputs: never) => Placeholder | readonly Placeholder[],
): readonly unknown[] {
  building = method;
  try {
    const placeholders = inputs.map((_, index) => new Placeholder(index, method));
    const returned: unknown = Reflect.apply(build, undefined, placeholders);
    if (returned === undefined) {
      throw draft.mistake(
        `method ${method.name}: the function returned undefined; return the placeholder(s) of the outputs`,
      );
    }
    return Array.isArray(returned) ? returned : [returned];
  } finally {
    building = undefined;
  }
}

/** Configurations may be plain JavaScript, where a misspelt option would be ignored in silence. */
function checkOptions(
  draft: DefinitionDraft,
  what: string,
  options: unknown,
  known: readonly string[],
): void {
  if (typeof options !== 'object' || options === null || Array.isArray(options))
    throw draft.mistake(`${what}: expected options { ${known.join(', ')} }, given ${show(options)}`);
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined)
    throw draft.mistake(`${what}: unknown option '${unknown}'; expected ${known.join(', ')}`);
}

function checkNames(draft: DefinitionDraft, method: string, what: string, names: readonly unknown[]): void {
  if (!Array.isArray(names))
    throw draft.mistake(`method ${method}: ${what}: expected a list of names, given ${show(names)}`);
  for (const [index, name] of names.entries()) {
    if (typeof name !== 'string' || name === '') {
      throw draft.mistake(
        `method ${method}: ${what}: expected names, given ${show(name)} at position ${index + 1}`,
      );
    }
    if (names.indexOf(name) !== index)
      throw draft.mistake(`method ${method}: ${what}: '${name}' is named twice`);
  }
}

function checkArity(draft: DefinitionDraft, method: string, inputs: readonly string[], build: unknown): void {
  if (typeof build !== 'function')
    throw draft.mistake(`method ${method}: expected a function that builds it, given ${show(build)}`);
  if (build.length > inputs.length) {
    throw draft.mistake(
      `method ${method}: its function takes ${build.length} inputs, but ${inputs.length} are named (${inputs.join(', ') || 'none'})`,
    );
  }
}

function show(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`;
  if (value instanceof Placeholder) return `a value of method ${value.method.name}`;
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
