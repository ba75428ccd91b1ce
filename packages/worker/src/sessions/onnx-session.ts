/** Sessions of onnxruntime. The only file that imports it; used in executor threads only, because a run blocks. */
import {
  firstLine,
  isDataType,
  isNumericType,
  ServingError,
  Tensor,
  type NumericType,
} from '@serving/common';
import * as ort from 'onnxruntime-node';
import { executionProviders, type Device } from './execution-providers.js';
import type { ModelPort, NativeGuard, Session } from './session.js';

export interface OnnxSessionOptions {
  /** Threads inside one run. */
  readonly intraOpThreads: number;
  /** The model in messages, for instance `add/1/tensor_add.onnx`. */
  readonly shownAs: string;
  readonly guard: NativeGuard;
  readonly device: Device;
}

/** @throws ServingError LOAD_FAILED */
export async function createOnnxSession(path: string, options: OnnxSessionOptions): Promise<Session> {
  const session = await guarded(options.guard, () => createSession(path, options));
  try {
    return new OnnxSession(session, options);
  } catch (error) {
    await session.release();
    throw error;
  }
}

async function createSession(path: string, options: OnnxSessionOptions): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(path, {
      intraOpNumThreads: options.intraOpThreads,
      interOpNumThreads: 1,
      executionProviders: executionProviders(options.device),
      // onnxruntime prints below this to stderr by itself; its errors come as exceptions too.
      logSeverityLevel: 4,
    });
  } catch (error) {
    throw new ServingError(
      'LOAD_FAILED',
      `model ${options.shownAs} cannot be loaded: ${withoutPaths(firstLine(error), path, options.shownAs)}`,
      { cause: error },
    );
  }
}

async function guarded<T>(guard: NativeGuard, native: () => Promise<T>): Promise<T> {
  guard.enter();
  try {
    return await native();
  } finally {
    guard.leave();
  }
}

class OnnxSession implements Session {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  readonly #session: ort.InferenceSession;
  readonly #guard: NativeGuard;

  constructor(session: ort.InferenceSession, { shownAs, guard }: OnnxSessionOptions) {
    this.inputs = session.inputMetadata.map((port) => readPort(port, 'input', shownAs));
    this.outputs = session.outputMetadata.map((port) => readPort(port, 'output', shownAs));
    this.#session = session;
    this.#guard = guard;
  }

  async run(inputs: readonly Tensor[]): Promise<Tensor[]> {
    // Without a prototype, so that an input may have any name, `__proto__` included.
    const feeds = Object.create(null) as Record<string, ort.Tensor>;
    for (const [index, port] of this.inputs.entries()) feeds[port.name] = toOrt(inputs[index]!);
    const results = await this.#run(feeds);
    return this.outputs.map((port) => fromOrt(results[port.name]!, port.dtype));
  }

  async #run(feeds: Record<string, ort.Tensor>): Promise<ort.InferenceSession.OnnxValueMapType> {
    this.#guard.enter();
    try {
      return await this.#session.run(feeds);
    } catch (error) {
      throw new ServingError('SESSION_FAILED', `Predict Failed: ${firstLine(error)}`, { cause: error });
    } finally {
      this.#guard.leave();
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
  if (!isDataType(port.type) || !isNumericType(port.type)) {
    throw new ServingError(
      'LOAD_FAILED',
      `model ${shownAs}: ${what} ${port.name} has type ${port.type}; expected a numeric type`,
    );
  }
  // A dimension without a size and a name of its own arrives as an empty or missing name.
  const shape = port.shape.map((dimension: number | string | undefined) =>
    dimension === undefined || dimension === '' ? '?' : dimension,
  );
  return { name: port.name, dtype: port.type, shape };
}

/**
 * Where JavaScript has a Float16Array (Node 24), tensors of onnxruntime-common hold one, which the runtime's binding
 * takes for an array of no bytes. The bits pass as what they are in `Tensor`: onnxruntime reads these properties only.
 */
function toOrt({ dtype, data, shape }: Tensor): ort.Tensor {
  if (dtype !== 'float16') return new ort.Tensor(dtype, data, shape);
  return { type: dtype, data, dims: shape, location: 'cpu' } as unknown as ort.Tensor;
}

function fromOrt({ data, dims }: ort.OnnxValue, dtype: NumericType): Tensor {
  const elements = data as Tensor['data'];
  if (dtype !== 'float16' || elements instanceof Uint16Array) return new Tensor(dtype, dims, elements);
  return new Tensor(dtype, dims, new Uint16Array(elements.buffer, elements.byteOffset, elements.length));
}

/** onnxruntime names the file by its full path, which is nobody's business but the operator's own. */
function withoutPaths(message: string, path: string, shownAs: string): string {
  return message.replaceAll(path, shownAs);
}
