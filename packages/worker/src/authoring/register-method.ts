/** `registerMethod`: what clients call, put together from stages when the servable is loaded. */
import {
  batchingOptions,
  batchingProblem,
  dataTypes,
  ownShape,
  type Batching,
  type DataType,
  type NumericType,
  type Port,
} from '@serving/common';
import { currentDraft, type DefinitionDraft } from '../definition/definition-draft.js';
import type { MethodOutput } from '../definition/definition.js';
import { slotOf, withMethod } from './add-stage.js';
import {
  checkBoolean,
  checkChoice,
  checkOptions,
  checkSendable,
  checkText,
  isRecord,
  show,
} from './checks.js';
import { addPadding, paddingOf, type PadOptions } from './padded-inputs.js';
import { Placeholder, type MethodDraft } from './placeholder.js';
import { checkStreaming } from './streaming-method.js';

/** What is known of an input or output of a method. What is left out is taken from the model it goes to or comes from. */
export interface PortOptions {
  /** Element type. An input of another type is refused, instance by instance. */
  dtype?: DataType;
  /** Shape of one instance; a name stands for any size. `[]` and `[1]` are the same scalar. */
  shape?: readonly (number | string)[];
}

/** An input whose size varies in the one dimension of its shape that is a name: it is padded before the first stage. */
export interface PaddedPortOptions {
  dtype: NumericType;
  shape: readonly (number | string)[];
  pad: PadOptions;
}

/** Names in order, or an object of names with what is known of each. */
export type PortNames = readonly string[] | Readonly<Record<string, PortOptions>>;

/** The same for inputs, some of which may be padded. */
export type InputNames = readonly string[] | Readonly<Record<string, PortOptions | PaddedPortOptions>>;

export interface MethodOptions<Inputs extends InputNames, Outputs extends PortNames> {
  /** A list: the function gets the inputs one after another. An object: it gets one object of them, by name. */
  inputs: Inputs;
  /** A list: the function returns the outputs in this order, a single one bare. An object: it returns them by name. */
  outputs: Outputs;
  /**
   * true: an instance may be run again, on another worker, when its worker was lost while it may have run; stages
   * without lasting effects are like that. false: such an instance is answered with WORKER_LOST instead, for stages
   * that count, bill or write.
   * @default true
   */
  idempotent?: boolean;
  /**
   * true: it is the one that Open Inference clients mean by the servable's name alone. Without a declared one that is the
   * only method there is, or the one called `predict`.
   * @default false
   */
  default?: boolean;
  /**
   * true: a request gets many responses. Its last stage is a function without a `batchSize`: a generator or async
   * generator (or one that returns an iterator), called with the values of one instance; each result that it yields is
   * sent at once, as one response. All outputs come from that stage. Clients call it with ModelStreamInfer of the Open
   * Inference Protocol over gRPC, one instance per request; other calls of it are refused.
   * @default false
   */
  streaming?: boolean;
  /** How its instances are put into batches; what is left out is as the master has it for all methods. */
  batching?: Batching;
}

/** The arguments of a method's function. */
export type MethodInputs<Inputs extends InputNames> = Inputs extends readonly string[]
  ? { [Index in keyof Inputs]: Placeholder }
  : [inputs: { readonly [Name in keyof Inputs | LengthNames<Inputs>]: Placeholder }];

/** Names under which the lengths of padded inputs are given. */
type LengthNames<Inputs> = {
  [Name in keyof Inputs]: Inputs[Name] extends { pad: { length: infer Length extends string } }
    ? string extends Length
      ? never
      : Length
    : never;
}[keyof Inputs];

/** What a method's function returns. */
export type MethodOutputs<Outputs extends PortNames> = Outputs extends readonly string[]
  ? Placeholder | readonly Placeholder[]
  : { readonly [Name in keyof Outputs]: Placeholder };

const methodOptions = ['inputs', 'outputs', 'idempotent', 'default', 'streaming', 'batching'];

/**
 * Registers a method that clients call by name. `build` runs once, at load, with a placeholder per input; it puts the
 * stages together with `addStage` and returns a placeholder per output.
 * @throws ServingError LOAD_FAILED naming the line
 */
export function registerMethod<const Inputs extends InputNames, const Outputs extends PortNames>(
  name: string,
  options: MethodOptions<Inputs, Outputs>,
  build: (...inputs: MethodInputs<Inputs>) => MethodOutputs<Outputs>,
): void {
  const draft = currentDraft('registerMethod');
  checkText(draft, 'registerMethod: name', name, 'a text');
  checkSendable(draft, 'registerMethod: name', name);
  checkOptions(draft, `method ${name}`, options, methodOptions);
  const inputs = portsOf(draft, name, 'inputs', options.inputs);
  const outputs = portsOf(draft, name, 'outputs', options.outputs);
  checkBoolean(draft, `method ${name}: idempotent`, options.idempotent);
  checkBoolean(draft, `method ${name}: default`, options.default);
  checkBoolean(draft, `method ${name}: streaming`, options.streaming);
  checkBatching(draft, `method ${name}: batching`, options.batching);
  checkBuilder(draft, name, inputs, Array.isArray(options.inputs), build);
  const at = draft.here();
  const method: MethodDraft = {
    name,
    inputs: inputs.map((input) => input.name),
    isStreaming: options.streaming ?? false,
    stages: [],
    constants: [],
    slotCount: inputs.length,
  };
  const placeholders = Array.isArray(options.inputs)
    ? inputs.map((_, slot) => new Placeholder(slot, method))
    : [namedPlaceholders(method, inputs, addPadding(draft, method, inputs, options.inputs, at))];
  const returned: unknown = withMethod(draft, method, () => Reflect.apply(build, undefined, placeholders));
  const given = outputsOf(draft, method, outputs, Array.isArray(options.outputs), returned);
  if (method.isStreaming) checkStreaming(draft, method, given);
  draft.addMethod({
    name,
    inputs,
    outputs: given,
    stages: method.stages,
    constants: method.constants,
    slotCount: method.slotCount,
    idempotent: options.idempotent ?? true,
    isDefault: options.default ?? false,
    isStreaming: method.isStreaming,
    batching: structuredClone(options.batching ?? {}),
    at,
  });
}

/** @param padded those that stand for padded inputs and their lengths */
function namedPlaceholders(
  method: MethodDraft,
  inputs: readonly Port[],
  padded: ReadonlyMap<string, Placeholder>,
): object {
  const given = inputs.map(({ name }, slot) => [name, new Placeholder(slot, method)] as const);
  return Object.assign(Object.create(null) as object, Object.fromEntries([...given, ...padded]));
}

/** Most wishes are checked by the same rules when a worker tells a master of them. */
function checkBatching(draft: DefinitionDraft, what: string, given: unknown): void {
  if (given === undefined) return;
  checkOptions(draft, what, given, batchingOptions);
  const problem = batchingProblem(given as Record<string, unknown>);
  if (problem !== undefined) throw draft.mistake(`${what}: ${problem}`);
}

function outputsOf(
  draft: DefinitionDraft,
  method: MethodDraft,
  outputs: readonly Port[],
  isList: boolean,
  returned: unknown,
): MethodOutput[] {
  if (returned === undefined)
    throw draft.mistake(
      `method ${method.name}: the function returned undefined; return the placeholder(s) of the outputs`,
    );
  if (returned instanceof Promise) throw asyncBuilder(draft, method, returned);
  const values = isList
    ? returnedList(draft, method, outputs, returned)
    : returnedByName(draft, method, outputs, returned);
  return outputs.map((output, index) => ({
    ...output,
    slot: slotOf(draft, method, values[index], `output ${output.name}`),
  }));
}

/** What becomes of the promise is nothing to anybody. */
function asyncBuilder(draft: DefinitionDraft, { name }: MethodDraft, returned: Promise<unknown>): Error {
  returned.catch(() => undefined);
  return draft.mistake(
    `method ${name}: expected a function that gives its placeholders at once, given an async one; stages may be async, and what has to be loaded first can be awaited before registerMethod`,
  );
}

function returnedList(
  draft: DefinitionDraft,
  { name }: MethodDraft,
  outputs: readonly Port[],
  returned: unknown,
): readonly unknown[] {
  const values: readonly unknown[] = Array.isArray(returned) ? returned : [returned];
  if (isRecord(returned) && !(returned instanceof Placeholder))
    throw draft.mistake(
      `method ${name}: expected ${outputs.map((output) => output.name).join(', ')} in this order, as outputs is a list, given ${show(returned)}; for an object of them write outputs: { ${outputs.map((output) => `${output.name}: {}`).join(', ')} }`,
    );
  if (values.length === outputs.length) return values;
  throw draft.mistake(
    `Method return output size ${values.length} not match registered ${outputs.length} (method ${name})`,
  );
}

function returnedByName(
  draft: DefinitionDraft,
  { name }: MethodDraft,
  outputs: readonly Port[],
  returned: unknown,
): readonly unknown[] {
  const names = outputs.map((output) => output.name);
  if (!isRecord(returned) || returned instanceof Placeholder)
    throw draft.mistake(
      `method ${name}: expected an object with the outputs ${names.join(', ')}, given ${show(returned)}`,
    );
  const unknown = Object.keys(returned).find((key) => !names.includes(key));
  if (unknown !== undefined)
    throw draft.mistake(`method ${name}: unknown output '${unknown}'; expected ${names.join(', ')}`);
  return names.map((output) => returned[output]);
}

function portsOf(draft: DefinitionDraft, method: string, what: string, given: unknown): Port[] {
  if (Array.isArray(given)) return listedPorts(draft, method, what, given);
  if (!isRecord(given))
    throw draft.mistake(
      `method ${method}: ${what}: expected a list of names, or an object of names with dtype and shape, given ${show(given)}`,
    );
  return Object.entries(given).map(([name, options], index) => {
    checkPortName(draft, method, what, name, index);
    const known = what === 'inputs' ? ['dtype', 'shape', 'pad'] : ['dtype', 'shape'];
    checkOptions(draft, `method ${method}: ${what}: ${name}`, options, known);
    const { dtype, shape, pad } = options as PortOptions & Partial<PaddedPortOptions>;
    checkChoice(draft, `method ${method}: ${what}: ${name}: dtype`, dtype, dataTypes);
    checkShape(draft, `method ${method}: ${what}: ${name}: shape`, shape);
    const padding = paddingOf(draft, `method ${method}: ${what}: ${name}: pad`, { dtype, shape, pad });
    return {
      name,
      ...(dtype === undefined ? {} : { dtype }),
      ...(shape === undefined ? {} : { shape: ownShape(shape) }),
      ...(padding === undefined ? {} : { padding }),
    };
  });
}

function listedPorts(draft: DefinitionDraft, method: string, what: string, names: unknown[]): Port[] {
  // Spread: a list may have holes, which `map` leaves out.
  return [...names].map((name, index) => {
    checkPortName(draft, method, what, name, index);
    if (names.indexOf(name) !== index)
      throw draft.mistake(`method ${method}: ${what}: '${name}' is named twice`);
    return { name };
  });
}

function checkPortName(
  draft: DefinitionDraft,
  method: string,
  what: string,
  name: unknown,
  index: number,
): asserts name is string {
  if (typeof name !== 'string' || name === '')
    throw draft.mistake(
      `method ${method}: ${what}: expected names, given ${show(name)} at position ${index + 1}`,
    );
  checkSendable(draft, `method ${method}: ${what}`, name);
}

function checkShape(draft: DefinitionDraft, what: string, shape: unknown): void {
  if (shape === undefined) return;
  const isDimension = (dimension: unknown) =>
    typeof dimension === 'string'
      ? dimension !== ''
      : Number.isSafeInteger(dimension) && Number(dimension) >= 0;
  if (Array.isArray(shape) && [...shape].every(isDimension)) return;
  throw draft.mistake(
    `${what}: expected a list of whole numbers from 0 and of names that stand for any size, given ${JSON.stringify(shape)}`,
  );
}

function checkBuilder(
  draft: DefinitionDraft,
  method: string,
  inputs: readonly Port[],
  isList: boolean,
  build: unknown,
): void {
  if (typeof build !== 'function')
    throw draft.mistake(`method ${method}: expected a function that builds it, given ${show(build)}`);
  const names = inputs.map(({ name }) => name).join(', ') || 'none';
  if (isList && build.length > inputs.length)
    throw draft.mistake(
      `method ${method}: its function takes ${build.length} inputs, but ${inputs.length} are named (${names})`,
    );
  if (!isList && build.length > 1)
    throw draft.mistake(
      `method ${method}: its function takes ${build.length} arguments; with inputs given as an object it gets one object of them: ({ ${names} }) => …`,
    );
}
