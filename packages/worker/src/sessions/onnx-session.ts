/** Sessions of onnxruntime. The only file that imports it; used in executor threads only, because a run blocks. */
import {
  firstLine,
  isDataType,
  isNumericType,
  ServingError,
  StringTensor,
  Tensor,
  type TypedArray,
} from '@serving/common';
import * as ort from 'onnxruntime-node';
import type { ExecutionProvider, SessionSettings } from '../definition/definition.js';
import { executionProviders, libraryAdvice, missingDevice, type Device } from './execution-providers.js';
import { scalarPorts, type ModelSource } from './onnx-file.js';
import { nameless, type ModelPort, type ModelTensor, type NativeGuard, type Session } from './session.js';
import { withoutPaths } from './without-paths.js';

export interface OnnxSessionOptions {
  /** Threads inside one run, unless the settings have a number of their own. */
  readonly intraOpThreads: number;
  readonly settings: SessionSettings;
  /** The model in messages, for instance `add/1/tensor_add.onnx`. */
  readonly shownAs: string;
  readonly guard: NativeGuard;
  readonly device: Device;
}

/** @throws ServingError LOAD_FAILED */
export async function createOnnxSession(source: ModelSource, options: OnnxSessionOptions): Promise<Session> {
  const session = await guarded(options.guard, () => createSession(source, options));
  try {
    return new OnnxSession(session, source, options);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function createSession(
  source: ModelSource,
  options: OnnxSessionOptions,
): Promise<ort.InferenceSession> {
  const { shownAs, settings, device } = options;
  const backends = ort.listSupportedBackends();
  const missing =
    settings.executionProviders === undefined ? missingDevice(device.type, backends) : undefined;
  if (missing !== undefined)
    throw new ServingError('LOAD_FAILED', `model ${shownAs} cannot be loaded: ${missing}`);
  try {
    // Written out because the type of `create` has no form for either.
    if (typeof source === 'string') return await ort.InferenceSession.create(source, runtimeOptions(options));
    return await ort.InferenceSession.create(source, runtimeOptions(options));
  } catch (error) {
    const why = withoutPaths(firstLine(error), source, shownAs);
    const mayBeEncrypted = typeof source === 'string' && why.includes('Protobuf parsing failed');
    const advice = mayBeEncrypted
      ? '; is it encrypted? then declare the model with decryption'
      : libraryAdvice(why, providersOf(options), backends);
    throw new ServingError('LOAD_FAILED', `model ${shownAs} cannot be loaded: ${why}${advice}`, {
      cause: error,
    });
  }
}

function providersOf({ settings, device }: OnnxSessionOptions): readonly ExecutionProvider[] {
  return settings.executionProviders ?? executionProviders(device);
}

function runtimeOptions(options: OnnxSessionOptions): ort.InferenceSession.SessionOptions {
  const { settings, intraOpThreads } = options;
  const { graphOptimization, memoryArena, memoryPattern, config } = settings;
  const interOpThreads = settings.interOpThreads ?? 1;
  return {
    intraOpNumThreads: settings.intraOpThreads ?? intraOpThreads,
    interOpNumThreads: interOpThreads,
    executionMode: interOpThreads > 1 ? 'parallel' : 'sequential',
    executionProviders: providersOf(options),
    ...(graphOptimization === undefined ? {} : { graphOptimizationLevel: graphOptimization }),
    ...(memoryArena === undefined ? {} : { enableCpuMemArena: memoryArena }),
    ...(memoryPattern === undefined ? {} : { enableMemPattern: memoryPattern }),
    ...(config === undefined ? {} : { extra: config }),
    // onnxruntime prints below this to stderr by itself; its errors come as exceptions too.
    logSeverityLevel: 4,
  };
}

async function guarded<T>(guard: NativeGuard, native: () => Promise<T>): Promise<T> {
  guard.enter();
  try {
    return await native();
  } finally {
    guard.leave();
  }
}

/**
 * For a run, which onnxruntime-node defers by a `setImmediate` and then computes in this thread: the guard goes up in the
 * callback right before that one, and down before anybody has the result. Scripts that run while others' runs wait for
 * their turn are not in native code, and can be ended should they never return.
 */
async function deferred<T>(guard: NativeGuard, native: () => Promise<T>): Promise<T> {
  let isInside = false;
  const entering = setImmediate(() => {
    guard.enter();
    isInside = true;
  });
  try {
    return await native();
  } finally {
    if (isInside) guard.leave();
    else clearImmediate(entering);
  }
}

class OnnxSession implements Session {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly symbols: ReadonlySet<string>;
  readonly #session: ort.InferenceSession;
  readonly #guard: NativeGuard;

  constructor(
    session: ort.InferenceSession,
    source: ModelSource,
    { shownAs, guard, settings }: OnnxSessionOptions,
  ) {
    const sizes = settings.freeDimensions ?? {};
    const read = (ports: readonly ort.InferenceSession.ValueMetadata[], what: string) =>
      ranked(
        ports.map((port) => readPort(port, what, shownAs)),
        source,
      );
    const inputs = read(session.inputMetadata, 'input');
    const outputs = read(session.outputMetadata, 'output');
    this.inputs = inputs.map((port) => sized(port, sizes));
    this.outputs = outputs.map((port) => sized(port, sizes));
    this.symbols = new Set([...inputs, ...outputs].flatMap(symbolsOf));
    this.#session = session;
    this.#guard = guard;
  }

  async run(inputs: readonly ModelTensor[]): Promise<ModelTensor[]> {
    // Without a prototype, so that an input may have any name, `__proto__` included.
    const feeds = Object.create(null) as Record<string, ort.Tensor>;
    for (const [index, port] of this.inputs.entries()) feeds[port.name] = toOrt(inputs[index]!);
    const results = await this.#run(feeds);
    return this.outputs.map((port) => fromOrt(results[port.name]!, port.dtype));
  }

  async #run(feeds: Record<string, ort.Tensor>): Promise<ort.InferenceSession.OnnxValueMapType> {
    try {
      return await deferred(this.#guard, () => this.#session.run(feeds));
    } catch (error) {
      throw new ServingError('SESSION_FAILED', `Predict Failed: ${firstLine(error)}`, { cause: error });
    }
  }

  release(): Promise<void> {
    return guarded(this.#guard, () => this.#session.release());
  }
}

function readPort(port: ort.InferenceSession.ValueMetadata, what: string, shownAs: string): ModelPort {
  if (!port.isTensor)
    throw new ServingError(
      'LOAD_FAILED',
      `model ${shownAs}: ${what} ${port.name} is not a tensor; expected tensors only`,
    );
  const { type } = port;
  if (!isDataType(type) || !(type === 'string' || isNumericType(type))) {
    throw new ServingError(
      'LOAD_FAILED',
      `model ${shownAs}: ${what} ${port.name} has type ${type}; expected a numeric type or string`,
    );
  }
  // A dimension without a size and a name of its own arrives as an empty or missing name.
  const shape = port.shape.map((dimension: number | string | undefined) =>
    dimension === undefined || dimension === '' ? nameless : dimension,
  );
  return { name: port.name, dtype: type, shape };
}

/** onnxruntime has no dimensions for a scalar and for what may have any number of them. */
function ranked(ports: readonly ModelPort[], source: ModelSource): readonly ModelPort[] {
  if (ports.every(({ shape }) => shape?.length !== 0)) return ports;
  const scalars = scalarPorts(source);
  return ports.map((port) =>
    port.shape?.length !== 0 || scalars.has(port.name) ? port : { ...port, shape: undefined },
  );
}

function symbolsOf({ shape = [] }: ModelPort): string[] {
  return shape.filter((dimension) => typeof dimension === 'string' && dimension !== nameless) as string[];
}

/** onnxruntime-node 1.30 leaves its own option for this unread, so symbolic dimensions get their sizes here. */
function sized(port: ModelPort, sizes: Readonly<Record<string, number>>): ModelPort {
  const sizeOf = (dimension: number | string) =>
    typeof dimension === 'string' && Object.hasOwn(sizes, dimension) ? sizes[dimension]! : dimension;
  return { ...port, shape: port.shape?.map(sizeOf) };
}

/**
 * Where JavaScript has a Float16Array (Node 24), tensors of onnxruntime-common hold one, which the runtime's binding
 * takes for an array of no bytes. The bits pass as what they are in `Tensor`: onnxruntime reads these properties only.
 */
function toOrt(tensor: ModelTensor): ort.Tensor {
  const { dtype, shape } = tensor;
  if (tensor instanceof StringTensor) return new ort.Tensor('string', [...tensor.data], shape);
  const data = aligned(tensor.data);
  if (dtype !== 'float16') return new ort.Tensor(tensor.dtype, data, shape);
  return { type: dtype, data, dims: shape, location: 'cpu' } as unknown as ort.Tensor;
}

/**
 * onnxruntime's loops begin at multiples of 16 bytes: what reductions and softmax give for an input that begins elsewhere
 * would depend on its place in the batch, down to whether a NaN is seen.
 */
function aligned(data: TypedArray): TypedArray {
  return data.byteOffset % 16 === 0 ? data : data.slice();
}

function fromOrt({ data, dims }: ort.OnnxValue, dtype: ModelPort['dtype']): ModelTensor {
  if (dtype === 'string') return new StringTensor(dims, data as string[]);
  const elements = data as Tensor['data'];
  if (dtype !== 'float16' || elements instanceof Uint16Array) return new Tensor(dtype, dims, elements);
  return new Tensor(dtype, dims, new Uint16Array(elements.buffer, elements.byteOffset, elements.length));
}
