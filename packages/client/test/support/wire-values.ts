/** Short ways to write the messages of the protocol. */
import { mindspore } from '@serving/common';

export function wireTensor(
  dtype: mindspore.DataType,
  dims: readonly number[],
  data: Uint8Array,
): mindspore.Tensor {
  return {
    shape: { dims: dims.map(BigInt) },
    dtype,
    tensorData: { $case: 'data', value: data },
    bytesVal: [],
  };
}

export function wireFloats(dims: readonly number[], values: readonly number[]): mindspore.Tensor {
  return wireTensor(mindspore.DataType.MS_FLOAT32, dims, new Uint8Array(Float32Array.from(values).buffer));
}

export function wireSingle(dtype: mindspore.DataType, ...bytesVal: Uint8Array[]): mindspore.Tensor {
  return { shape: { dims: [] }, dtype, tensorData: undefined, bytesVal };
}

export function wireInstance(items: Iterable<readonly [string, mindspore.Tensor]>): mindspore.Instance {
  return { items: new Map(items), outputBuffers: new Map() };
}

export function wireError(code: number, text: string): mindspore.ErrorMsg {
  return { errorCode: BigInt(code), errorMsg: new TextEncoder().encode(text) };
}

/** A reply whose outputs are the inputs of the request. */
export function echo(request: mindspore.PredictRequest): Partial<mindspore.PredictReply> {
  return { servableSpec: request.servableSpec, instances: request.instances };
}
