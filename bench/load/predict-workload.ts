/** Predict calls of MindSpore Serving's protocol with known answers, and the same bytes for an echo. */
import { mindspore } from '@serving/common';
import { WrongReply } from './load-generator.ts';
import type { Workload } from './served-side.ts';
import { grpc } from './wire.ts';

export const predictPath = '/mindspore.serving.proto.MSService/Predict';

/** In flight in all: `connections` times `streams`. */
export interface InFlight {
  readonly connections: number;
  readonly streams: number;
}

export interface Floats {
  readonly shape: readonly number[];
  readonly elements: Float32Array;
}

/** An input as it is sent; bytes have no shape. */
export type Given = Floats | Uint8Array;

/** A request of one or more equal instances, and what each of them is answered with. */
export interface Prediction {
  readonly servable: string;
  readonly method: string;
  readonly inputs: Readonly<Record<string, Given>>;
  /** The output of every instance. */
  readonly output: Floats & { readonly name: string };
  /** @default 1 */
  readonly instances?: number;
}

export function predictWorkload(prediction: Prediction, inFlight: InFlight): Workload {
  const { instances = 1 } = prediction;
  const check = (message: Uint8Array) => checkReply(message, prediction);
  return { wire: grpc, path: predictPath, request: requestOf(prediction), instances, check, ...inFlight };
}

/** The tutorial's request: [[1,2],[3,4]] + [[1,2],[3,4]]. */
export function addWorkload(servable: string, inFlight: InFlight): Workload {
  return predictWorkload(addPrediction(servable), inFlight);
}

export function addPrediction(servable: string): Prediction {
  const x: Floats = { shape: [2, 2], elements: Float32Array.of(1, 2, 3, 4) };
  const output = { name: 'y', shape: [2, 2], elements: Float32Array.of(2, 4, 6, 8) };
  return { servable, method: 'add_common', inputs: { x1: x, x2: x }, output };
}

/** The same message, expected back as it is. */
export function echoWorkload(workload: Workload): Workload {
  const check = (reply: Uint8Array) => {
    if (Buffer.compare(reply, workload.request) !== 0)
      throw new WrongReply('the echo did not send back what it got');
  };
  return { ...workload, check };
}

export function requestOf({ servable, method, inputs, instances = 1 }: Prediction): Uint8Array {
  const items = new Map(Object.entries(inputs).map(([name, given]) => [name, tensorOf(given)]));
  return mindspore.PredictRequest.encode({
    servableSpec: { name: servable, methodName: method, versionNumber: 0n },
    instances: Array.from({ length: instances }, () => ({ items, outputBuffers: new Map() })),
    legacyInstances: [],
  }).finish();
}

function tensorOf(given: Given): mindspore.Tensor {
  if (given instanceof Uint8Array)
    return {
      shape: { dims: [1n] },
      dtype: mindspore.DataType.MS_BYTES,
      tensorData: undefined,
      bytesVal: [given],
    };
  return {
    shape: { dims: given.shape.map(BigInt) },
    dtype: mindspore.DataType.MS_FLOAT32,
    tensorData: { $case: 'data', value: bytesOf(given.elements) },
    bytesVal: [],
  };
}

/** @throws WrongReply */
function checkReply(message: Uint8Array, { output, instances: count = 1 }: Prediction): void {
  const { instances, errorMsg } = mindspore.PredictReply.decode(message);
  const isRight =
    errorMsg.length === 0 &&
    instances.length === count &&
    instances.every(({ items }) => isExpected(items.get(output.name), output));
  if (isRight) return;
  const said = errorMsg.map((error) => Buffer.from(error.errorMsg).toString()).join('; ') || 'no error';
  throw new WrongReply(
    `expected ${count} instances with ${output.name} = [${output.elements.slice(0, 8).join()}…], given others; errors of the reply: ${said}`,
  );
}

function isExpected(tensor: mindspore.Tensor | undefined, { shape, elements }: Floats): boolean {
  return (
    tensor?.dtype === mindspore.DataType.MS_FLOAT32 &&
    tensor.shape?.dims.join() === shape.join() &&
    tensor.tensorData?.$case === 'data' &&
    Buffer.compare(tensor.tensorData.value, bytesOf(elements)) === 0
  );
}

function bytesOf(elements: Float32Array): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}
