/** The tutorial's request, [[1,2],[3,4]] + [[1,2],[3,4]] in one instance, and the same bytes for the echo. */
import { mindspore } from '@serving/common';
import { WrongReply } from '../load/load-generator.ts';
import type { Workload } from '../load/served-side.ts';

export const predictPath = '/mindspore.serving.proto.MSService/Predict';

/** In flight in all: `connections` times `streams`. */
export interface InFlight {
  readonly connections: number;
  readonly streams: number;
}

const input = Float32Array.of(1, 2, 3, 4);
const sum = Float32Array.of(2, 4, 6, 8);

export function addWorkload(servable: string, inFlight: InFlight): Workload {
  return { path: predictPath, request: addRequest(servable), check: checkSum, ...inFlight };
}

/** The same message, expected back as it is. */
export function echoWorkload({ path, request, connections, streams }: Workload): Workload {
  const check = (reply: Uint8Array) => {
    if (Buffer.compare(reply, request) !== 0) throw new WrongReply('the echo did not send back what it got');
  };
  return { path, request, check, connections, streams };
}

function addRequest(servable: string): Uint8Array {
  const items = new Map([
    ['x1', matrix(input)],
    ['x2', matrix(input)],
  ]);
  return mindspore.PredictRequest.encode({
    servableSpec: { name: servable, methodName: 'add_common', versionNumber: 0n },
    instances: [{ items, outputBuffers: new Map() }],
    legacyInstances: [],
  }).finish();
}

function matrix(elements: Float32Array): mindspore.Tensor {
  return {
    shape: { dims: [2n, 2n] },
    dtype: mindspore.DataType.MS_FLOAT32,
    tensorData: { $case: 'data', value: bytesOf(elements) },
    bytesVal: [],
  };
}

function checkSum(message: Uint8Array): void {
  const { instances, errorMsg } = mindspore.PredictReply.decode(message);
  const y = instances[0]?.items.get('y');
  const isRight =
    errorMsg.length === 0 &&
    instances.length === 1 &&
    y?.dtype === mindspore.DataType.MS_FLOAT32 &&
    y.shape?.dims.join() === '2,2' &&
    y.tensorData?.$case === 'data' &&
    Buffer.compare(y.tensorData.value, bytesOf(sum)) === 0;
  if (isRight) return;
  const said = errorMsg.map((error) => Buffer.from(error.errorMsg).toString()).join('; ') || 'no error';
  throw new WrongReply(`the reply is not one instance with y = [[2,4],[6,8]]; its errors: ${said}`);
}

function bytesOf(elements: Float32Array): Uint8Array {
  return new Uint8Array(elements.buffer, elements.byteOffset, elements.byteLength);
}
