/** `addStage`: one step of the method that is being registered. */
import { BytesTensor, StringTensor, Tensor, type Value } from '@serving/common';
import { currentDraft, type DefinitionDraft } from '../definition/definition-draft.js';
import type { StageDefinition, StageFunction } from '../definition/definition.js';
import { outputsOfReadyMade } from '../stages/named-stage.js';
import { stageMakers } from '../stages/stage-makers.js';
import { checkInteger, checkOptions, isRecord, show } from './checks.js';
import { Model, Subgraph } from './model.js';
import { Placeholder, type MethodDraft } from './placeholder.js';

/** Placeholders of `Count` outputs: one, or a tuple. */
export type StageOutputs<Count extends number> = number extends Count
  ? Placeholder[]
  : Count extends 1
    ? Placeholder
    : Tuple<Count>;

type Tuple<Count extends number, Items extends Placeholder[] = []> = Items['length'] extends Count
  ? Items
  : Tuple<Count, [...Items, Placeholder]>;

/** What a stage is given: a value of every instance, or a constant. */
export type StageInput = Placeholder | Value;

export interface StageOptions<Count extends number> {
  /** How many values the stage gives. A model gives as many as it has outputs. @default 1 */
  outputs?: Count;
  /**
   * For a function: how many instances it is called with at a time. It then takes one list of instances, each a list of
   * its inputs, and returns, or yields one by one, as many results in the same order; 0 leaves the number to the server.
   * @default one instance at a time, its inputs as arguments
   */
  batchSize?: number;
  /**
   * For an async function: longest time a promise of it may take, in milliseconds; of an async generator, longest time
   * until it yields the next result. @default --execution-timeout
   */
  timeoutMs?: number;
  /** The stage in errors that callers see: `Call <tag> Failed, …`. @default Function '<servable>.<name>' */
  tag?: string;
}

let building: MethodDraft | undefined;

/** Runs `build` with `method` as the one that stages are added to. @throws ServingError LOAD_FAILED within another */
export function withMethod<T>(draft: DefinitionDraft, method: MethodDraft, build: () => T): T {
  if (building !== undefined)
    throw draft.mistake(`registerMethod '${method.name}' inside registerMethod '${building.name}'`);
  building = method;
  try {
    return build();
  } finally {
    building = undefined;
  }
}

/**
 * Adds a step to the method being registered: a function that gets one value per argument for each instance, or a
 * declared model. Functions get numbers as `Tensor`, text as `string`, bytes as `Uint8Array`, several texts or byte
 * strings as `StringTensor` or `BytesTensor`, and return the same (with `outputs` above 1, an array of that length);
 * they may be async. The last stage of a streaming method yields them instead, once per response.
 *
 * @param inputs inputs of the method, outputs of earlier stages, and values that are the same for every instance: these
 * are not to be written to
 * @throws ServingError LOAD_FAILED naming the line
 */
export function addStage<const Count extends number = 1>(
  stage: StageFunction | Subgraph,
  inputs: readonly StageInput[],
  options: StageOptions<Count> = {},
): StageOutputs<Count> {
  const draft = currentDraft('addStage');
  const method = building;
  if (method === undefined)
    throw draft.mistake('addStage can only be called inside the function given to registerMethod');
  checkOptions(draft, 'addStage', options, ['outputs', 'batchSize', 'timeoutMs', 'tag']);
  const { outputs: count = 1 } = options;
  checkInteger(draft, 'addStage: outputs', count, 1);
  const slots = Array.from({ length: count }, () => method.slotCount++);
  method.stages.push(stageDefinition(draft, method, { stage, inputs, options }, slots));
  const placeholders = slots.map((slot) => new Placeholder(slot, method));
  return (count === 1 ? placeholders[0] : placeholders) as StageOutputs<Count>;
}

interface GivenStage {
  readonly stage: StageFunction | Subgraph;
  readonly inputs: readonly StageInput[];
  readonly options: StageOptions<number>;
}

function stageDefinition(
  draft: DefinitionDraft,
  method: MethodDraft,
  { stage, inputs, options }: GivenStage,
  outputs: readonly number[],
): StageDefinition {
  if (!Array.isArray(inputs))
    throw draft.mistake(`addStage: inputs: expected a list of placeholders, given ${show(inputs)}`);
  const slots = inputs.map((input: unknown, index) =>
    isConstant(method, input)
      ? constantSlot(method, input)
      : slotOf(draft, method, input, `argument ${index + 1} of the stage`),
  );
  const common = { inputs: slots, outputs, at: draft.here() };
  if (stage instanceof Subgraph) return { ...modelStage(draft, stage, options), ...common };
  if (typeof stage !== 'function')
    throw draft.mistake(`addStage: stage: expected a function or a declared model, given ${show(stage)}`);
  return { ...functionStage(draft, method, stage, { options, given: slots.length }), ...common };
}

function modelStage(draft: DefinitionDraft, stage: Subgraph, options: StageOptions<number>) {
  const { definition, index } = stage;
  if (!draft.isDeclared(definition))
    throw draft.mistake('addStage: the model was not declared in this servable_config');
  if (!Number.isInteger(index) || index < 0 || index >= definition.files.length)
    throw draft.mistake(
      `The model does not have subgraph of index ${String(index)}, the subgraph count of the model is ${definition.files.length}`,
    );
  for (const name of ['batchSize', 'timeoutMs', 'tag'] as const) {
    if (options[name] !== undefined)
      throw draft.mistake(
        `addStage: ${name}: expected with a function only; a model runs as it was declared`,
      );
  }
  const isFileImplied = stage instanceof Model && definition.files.length > 1;
  return { kind: 'model' as const, model: definition, subgraph: index, isFileImplied };
}

function functionStage(
  draft: DefinitionDraft,
  method: MethodDraft,
  run: StageFunction,
  { options, given }: { readonly options: StageOptions<number>; readonly given: number },
) {
  const name = typeof run.name === 'string' && run.name !== '' ? run.name : 'anonymous';
  const { outputs = 1, batchSize, timeoutMs, tag } = options;
  checkReadyMade(draft, run, outputs, batchSize);
  checkInteger(draft, 'addStage: batchSize', batchSize, 0);
  checkInteger(draft, 'addStage: timeoutMs', timeoutMs, 1);
  if (tag !== undefined && (typeof tag !== 'string' || tag === ''))
    throw draft.mistake(`addStage: tag: expected a text, given ${show(tag)}`);
  const taken = batchSize === undefined ? given : 1;
  if (run.length > taken)
    throw draft.mistake(
      batchSize === undefined
        ? `function ${name} input args count ${run.length} not match the count ${given} registered in method`
        : `function ${name}: expected one parameter, the list of instances, as it has a batchSize; given ${run.length}`,
    );
  if (batchSize === undefined && !method.isStreaming && isGenerator(run))
    throw draft.mistake(
      `function ${name} is a generator; if it yields one result per instance, give addStage a batchSize (0 leaves it to the server); if it yields many responses to one instance, give registerMethod streaming: true`,
    );
  return { kind: 'function' as const, name, tag, run, batchSize, timeoutMs };
}

function checkReadyMade(
  draft: DefinitionDraft,
  run: StageFunction,
  given: number,
  batchSize: number | undefined,
): void {
  if (stageMakers.has(run))
    throw draft.mistake(
      `addStage: stage: expected a stage, given ${run.name}, which makes one; write addStage(${run.name}(…), inputs)`,
    );
  const outputs = outputsOfReadyMade(run);
  if (outputs === undefined) return;
  if (given !== outputs)
    throw draft.mistake(
      `addStage: outputs: ${run.name} gives ${outputs} value${outputs === 1 ? '' : 's'}, given ${given}; write addStage(${run.name}(…), inputs${outputs === 1 ? '' : `, { outputs: ${outputs} }`})`,
    );
  if (batchSize !== undefined)
    throw draft.mistake(`addStage: batchSize: ${run.name} takes one instance at a time, given ${batchSize}`);
}

export function isGenerator(run: StageFunction): boolean {
  return /^(Async)?GeneratorFunction$/.test(run.constructor.name);
}

/** The name of an input is a mistake for the input. */
function isConstant({ inputs }: MethodDraft, given: unknown): given is Value {
  if (typeof given === 'string') return !inputs.includes(given);
  return [Tensor, StringTensor, BytesTensor, Uint8Array].some((kind) => given instanceof kind);
}

function constantSlot(method: MethodDraft, value: Value): number {
  const slot = method.slotCount++;
  method.constants.push({ slot, value });
  return slot;
}

/** The slot that a placeholder of the method stands for. @throws ServingError LOAD_FAILED for anything else */
export function slotOf(draft: DefinitionDraft, method: MethodDraft, given: unknown, what: string): number {
  if (given instanceof Placeholder && given.method === method) return given.slot;
  throw draft.mistake(
    `method ${method.name}: ${what}: expected an input of the method or an output of an earlier stage, given ${show(given)}${slotAdvice(method, given)}`,
  );
}

function slotAdvice({ inputs }: MethodDraft, given: unknown): string {
  if (typeof given === 'string') return `; the input of this name is a parameter of the method's function`;
  if (typeof given === 'number' || typeof given === 'bigint' || typeof given === 'boolean')
    return "; a constant is a text, bytes or a Tensor, such as new Tensor('float32', [], Float32Array.of(0.5))";
  if (given === undefined) return '; is an input missing in the inputs list of registerMethod?';
  if (isRecord(given) && Object.values(given).some((value) => value instanceof Placeholder))
    return `; with inputs given as an object its function gets one object of them: ({ ${inputs.join(', ')} }) => …`;
  return '';
}
