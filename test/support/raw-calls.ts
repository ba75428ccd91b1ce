/** Calls of the protocol that no client makes: malformed messages, and replies as they are on the wire. */
import { credentials, Client as GrpcClient, type ServiceError } from '@grpc/grpc-js';
import { mindspore } from '@serving/common';

const path = '/mindspore.serving.proto.MSService/Predict';
const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };

export type WireTensor = Partial<mindspore.Tensor>;

export interface WireCall {
  readonly servable: string;
  readonly method: string;
  readonly version?: bigint;
  /** Items by name, a list of pairs per instance. */
  readonly instances: readonly (readonly (readonly [string, WireTensor])[])[];
}

export interface WireReply {
  /** Error codes and texts as they came. */
  readonly errors: readonly { readonly code: number; readonly text: string }[];
  readonly instances: readonly ReadonlyMap<string, mindspore.Tensor>[];
}

/** Sends any bytes as the message. Rejects with grpc-js's error when the call fails. */
export function callRaw(address: string, message: Uint8Array): Promise<Uint8Array> {
  const client = new GrpcClient(address, credentials.createInsecure(), unlimited);
  return new Promise<Uint8Array>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Uint8Array) => Buffer.from(bytes),
      (bytes: Buffer): Uint8Array => bytes,
      message,
      (error: ServiceError | null, reply?: Uint8Array) => (error === null ? resolve(reply!) : reject(error)),
    );
  }).finally(() => client.close());
}

export async function callWire(address: string, call: WireCall): Promise<WireReply> {
  const request = mindspore.PredictRequest.encode({
    servableSpec: {
      name: call.servable,
      methodName: call.method,
      versionNumber: call.version ?? 0n,
    },
    instances: call.instances.map((items) => ({
      items: new Map(items.map(([name, tensor]) => [name, { ...wireTensor(), ...tensor }])),
      outputBuffers: new Map(),
    })),
    legacyInstances: [],
  }).finish();
  const reply = mindspore.PredictReply.decode(await callRaw(address, request));
  const decoder = new TextDecoder();
  return {
    errors: reply.errorMsg.map(({ errorCode, errorMsg }) => ({
      code: Number(errorCode),
      text: decoder.decode(errorMsg),
    })),
    instances: reply.instances.map((instance) => instance.items),
  };
}

function wireTensor(): mindspore.Tensor {
  return { shape: undefined, dtype: 0, tensorData: undefined, bytesVal: [] };
}

/** A tensor with exactly these bytes, whatever its dims say. */
export function rawTensor(dtype: mindspore.DataType, dims: readonly bigint[], bytes: Uint8Array): WireTensor {
  return { shape: { dims: [...dims] }, dtype, tensorData: { $case: 'data', value: bytes } };
}

export function floats(dims: readonly number[], values: readonly number[]): WireTensor {
  const { buffer } = Float32Array.from(values);
  return rawTensor(mindspore.DataType.MS_FLOAT32, dims.map(BigInt), new Uint8Array(buffer));
}

/** Text or bytes: one element in bytes_val. */
export function element(
  dtype: mindspore.DataType,
  entries: readonly Uint8Array[],
  dims: readonly bigint[] = [],
): WireTensor {
  return { shape: { dims: [...dims] }, dtype, bytesVal: [...entries] };
}
