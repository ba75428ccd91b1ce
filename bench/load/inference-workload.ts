/** Calls of the Open Inference Protocol with known answers: over gRPC, and over HTTP as JSON or with binary tensors. */
import { inference } from '@serving/common';
import { WrongReply } from './load-generator.ts';
import type { Floats, InFlight, Prediction } from './predict-workload.ts';
import type { Workload } from './served-side.ts';
import { grpc, http } from './wire.ts';

/** All instances of a request are one tensor, with the batch before their dimensions. */
function batchShape({ shape }: Floats, instances: number): number[] {
  return [instances, ...shape];
}

function batchBytes({ elements }: Floats, instances: number): Buffer {
  const bytes = Buffer.from(elements.buffer, elements.byteOffset, elements.byteLength);
  return Buffer.concat(Array.from({ length: instances }, () => bytes));
}

function modelOf({ servable, method }: Prediction): string {
  return `${servable}.${method}`;
}

function floatInputs({ inputs }: Prediction): [name: string, given: Floats][] {
  return Object.entries(inputs).map(([name, given]) => {
    if (given instanceof Uint8Array) throw new Error(`input ${name}: expected floats`);
    return [name, given];
  });
}

export function inferenceGrpcWorkload(prediction: Prediction, inFlight: InFlight): Workload {
  const { output, instances = 1 } = prediction;
  const inputs = floatInputs(prediction);
  const request = inference.ModelInferRequest.encode({
    modelName: modelOf(prediction),
    modelVersion: '',
    id: '',
    parameters: new Map(),
    inputs: inputs.map(([name, given]) => ({
      name,
      datatype: 'FP32',
      shape: batchShape(given, instances).map(BigInt),
      parameters: new Map(),
      contents: undefined,
    })),
    outputs: [],
    rawInputContents: inputs.map(([, given]) => batchBytes(given, instances)),
  }).finish();
  const check = (reply: Uint8Array) => {
    const { outputs, rawOutputContents } = inference.ModelInferResponse.decode(reply);
    expectOutput(outputs[0]?.name, outputs[0]?.shape.map(Number), rawOutputContents[0], output, instances);
  };
  const path = '/inference.GRPCInferenceService/ModelInfer';
  return { wire: grpc, path, request, instances, check, ...inFlight };
}

interface JsonReply {
  readonly outputs: readonly { readonly name: string; readonly shape: number[]; readonly data: number[] }[];
}

export function inferenceJsonWorkload(prediction: Prediction, inFlight: InFlight): Workload {
  const { output, instances = 1 } = prediction;
  const inputs = floatInputs(prediction).map(([name, given]) => ({
    name,
    datatype: 'FP32',
    shape: batchShape(given, instances),
    data: Array.from({ length: instances }, () => [...given.elements]).flat(),
  }));
  const check = (reply: Uint8Array) => {
    const [first] = (JSON.parse(Buffer.from(reply).toString()) as JsonReply).outputs;
    expectOutput(first?.name, first?.shape, floatBytes(first?.data ?? []), output, instances);
  };
  return {
    wire: http({ 'content-type': 'application/json' }),
    path: `/v2/models/${modelOf(prediction)}/infer`,
    request: Buffer.from(JSON.stringify({ inputs })),
    instances,
    check,
    ...inFlight,
  };
}

/** The binary tensor extension, both ways. */
export function inferenceBinaryWorkload(prediction: Prediction, inFlight: InFlight): Workload {
  const { output, instances = 1 } = prediction;
  const tensors = floatInputs(prediction).map(([name, given]) => ({
    name,
    given,
    bytes: batchBytes(given, instances),
  }));
  const inputs = tensors.map(({ name, given, bytes }) => ({
    name,
    datatype: 'FP32',
    shape: batchShape(given, instances),
    parameters: { binary_data_size: bytes.length },
  }));
  const json = Buffer.from(JSON.stringify({ inputs, parameters: { binary_data_output: true } }));
  const check = (reply: Uint8Array) => {
    const outputBytes = output.elements.byteLength * instances;
    const head = Buffer.from(reply.subarray(0, reply.length - outputBytes)).toString();
    const [first] = (JSON.parse(head) as JsonReply).outputs;
    const bytes = reply.subarray(reply.length - outputBytes);
    expectOutput(first?.name, first?.shape, bytes, output, instances);
  };
  return {
    wire: http({
      'content-type': 'application/octet-stream',
      'inference-header-content-length': String(json.length),
    }),
    path: `/v2/models/${modelOf(prediction)}/infer`,
    request: Buffer.concat([json, ...tensors.map(({ bytes }) => bytes)]),
    instances,
    check,
    ...inFlight,
  };
}

/** MindSpore Serving's REST API. */
export function mindsporeRestWorkload(prediction: Prediction, inFlight: InFlight): Workload {
  const { servable, method, output, instances = 1 } = prediction;
  const instance = Object.fromEntries(
    floatInputs(prediction).map(([name, { elements, shape }]) => [name, nested([...elements], shape)]),
  );
  // JSON.stringify drops the point of whole numbers, which makes integers of them.
  const text = JSON.stringify({ instances: Array.from({ length: instances }, () => instance) });
  const request = Buffer.from(text.replace(/(?<=[[,])(-?\d+)(?=[\],])/g, '$1.0'));
  const check = (reply: Uint8Array) => {
    const { instances: given = [] } = JSON.parse(Buffer.from(reply).toString()) as {
      instances?: Record<string, unknown>[];
    };
    const values = given.map((one) => [one[output.name]].flat(Infinity) as number[]);
    expectOutput(output.name, [given.length, ...output.shape], floatBytes(values.flat()), output, instances);
  };
  return {
    wire: http({ 'content-type': 'application/json' }),
    path: `/model/${servable}:${method}`,
    request,
    instances,
    check,
    ...inFlight,
  };
}

function nested(elements: readonly number[], shape: readonly number[]): unknown {
  const [size, ...rest] = shape;
  if (size === undefined) return elements[0];
  const step = elements.length / size;
  return Array.from({ length: size }, (_, i) => nested(elements.slice(i * step, (i + 1) * step), rest));
}

function floatBytes(values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

/** @throws WrongReply */
function expectOutput(
  name: string | undefined,
  shape: readonly number[] | undefined,
  bytes: Uint8Array | undefined,
  output: Floats & { readonly name: string },
  instances: number,
): void {
  const isRight =
    name === output.name &&
    shape?.join() === batchShape(output, instances).join() &&
    Buffer.compare(bytes ?? new Uint8Array(0), batchBytes(output, instances)) === 0;
  if (isRight) return;
  throw new WrongReply(
    `expected ${output.name} [${batchShape(output, instances).join()}] = ${output.elements.slice(0, 8).join()}…, given ${name} [${shape?.join()}] and ${bytes?.length} bytes`,
  );
}
