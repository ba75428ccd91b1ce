/** Short ways to write and read the messages of MindSpore Serving's protocol. */
import { mindspore } from '@serving/common';

export type WireItems = Iterable<readonly [string, mindspore.Tensor]>;

export function wireTensor(
  dtype: mindspore.DataType,
  dims: readonly (number | bigint)[],
  data: Uint8Array,
): mindspore.Tensor {
  return {
    shape: { dims: dims.map(BigInt) },
    dtype,
    tensorData: { $case: 'data', value: data },
    bytesVal: [],
  };
}

export function wireFloats(dims: readonly number[], ...values: number[]): mindspore.Tensor {
  return wireTensor(mindspore.DataType.MS_FLOAT32, dims, new Uint8Array(Float32Array.from(values).buffer));
}

export function wireText(text: string, dims: readonly number[] = []): mindspore.Tensor {
  return {
    shape: { dims: dims.map(BigInt) },
    dtype: mindspore.DataType.MS_STRING,
    tensorData: undefined,
    bytesVal: [new TextEncoder().encode(text)],
  };
}

export function wireInstance(items: WireItems): mindspore.Instance {
  return { items: new Map(items), outputBuffers: new Map() };
}

export interface WireRequest {
  readonly name?: string;
  readonly method?: string;
  readonly version?: bigint;
}

export function wireSpec({
  name = 'add',
  method = 'predict',
  version = 0n,
}: WireRequest = {}): mindspore.ServableSpec {
  return { name, methodName: method, versionNumber: version };
}

/** A request in bytes. */
export function wireRequest(instances: readonly mindspore.Instance[], to: WireRequest = {}): Uint8Array {
  return mindspore.PredictRequest.encode({
    servableSpec: wireSpec(to),
    instances: [...instances],
    legacyInstances: [],
  }).finish();
}

export interface ReadReply {
  readonly spec: mindspore.ServableSpec | undefined;
  /** The text of output `y` of each instance; undefined where there are no outputs. */
  readonly outputs: (string | undefined)[];
  readonly errors: { code: number; text: string }[];
}

export function readReply(message: Uint8Array): ReadReply {
  const reply = mindspore.PredictReply.decode(message);
  return {
    spec: reply.servableSpec,
    outputs: reply.instances.map((instance) => {
      const y = instance.items.get('y');
      return y === undefined ? undefined : Buffer.from(y.bytesVal[0]!).toString();
    }),
    errors: reply.errorMsg.map(({ errorCode, errorMsg }) => ({
      code: Number(errorCode),
      text: Buffer.from(errorMsg).toString(),
    })),
  };
}
