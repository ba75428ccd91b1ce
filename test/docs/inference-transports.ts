/** An inference request over gRPC and over HTTP, for what is said of both: the same parameters go in, an answer of the same form comes out. */
import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { expect } from '@jest/globals';
import { grpcStatus, inference } from '@serving/common';
import { gunzipSync, gzipSync } from 'node:zlib';
import { callRpc, inferInput, inferStream } from '../support/inference-calls.js';
import { exchange } from '../support/http-exchange.js';

export type Values = Readonly<Record<string, boolean | number | string>>;

/** What a request has besides one input `x`. */
export interface Given {
  readonly model?: string;
  /** Parameters of the request, of its input, and of its output `y`. */
  readonly request?: Values;
  readonly input?: Values;
  readonly output?: Values;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the request has no elements. @default false */
  readonly isElsewhere?: boolean;
}

export interface Answer {
  /** The name of a status of gRPC, or the number of one of HTTP. */
  readonly status: string;
  /** The text of an error; of an answer the datatype and elements of `y`. */
  readonly text: string;
}

export interface Transport {
  /** The status of success, and of a request that is wrong, and of one that was too late. */
  readonly statuses: readonly [ok: string, wrong: string, late: string];
  readonly infer: (given: Given) => Promise<Answer>;
  /** As the server's metadata have them. */
  readonly extensions: () => Promise<readonly string[]>;
}

const service = '/inference.GRPCInferenceService/';
const metadataTypes = [inference.ServerMetadataRequest, inference.ServerMetadataResponse] as const;
const types = [inference.ModelInferRequest, inference.ModelInferResponse] as const;

function statusName(code: number): string {
  return Object.entries(grpcStatus).find(([, one]) => one === code)![0];
}

function grpcParameters(values: Values = {}): Map<string, inference.InferParameter> {
  return new Map(
    Object.entries(values).map(([name, value]) => [name, { parameterChoice: grpcParameter(value) }]),
  );
}

function grpcParameter(value: boolean | number | string): inference.InferParameter['parameterChoice'] {
  if (typeof value === 'boolean') return { $case: 'boolParam', value };
  if (typeof value === 'number') return { $case: 'int64Param', value: BigInt(value) };
  return { $case: 'stringParam', value };
}

/** @param elements of `x` by model */
export function overGrpc(address: string, elements: (model: string) => Elements): Transport {
  const infer = async (given: Given): Promise<Answer> => {
    const { model = 'echo', request, input, output, headers = {}, isElsewhere = false } = given;
    const metadata = new Metadata();
    for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
    const { datatype, shape, raw } = elements(model);
    const message = {
      modelName: model,
      parameters: grpcParameters(request),
      inputs: [{ ...inferInput('x', datatype, shape), parameters: grpcParameters(input) }],
      outputs: [{ name: 'y', parameters: grpcParameters(output) }],
      rawInputContents: isElsewhere ? [] : [raw],
    };
    try {
      const reply = await callRpc(address, `${service}ModelInfer`, types, message, metadata);
      const raws = reply.rawOutputContents.map((bytes) => Buffer.from(bytes).toString('latin1'));
      return { status: 'OK', text: `${reply.outputs[0]!.datatype} ${raws.join()}` };
    } catch (thrown) {
      const { code, details } = thrown as ServiceError;
      return { status: statusName(code), text: details };
    }
  };
  const extensions = async () =>
    (await callRpc(address, `${service}ServerMetadata`, metadataTypes, {})).extensions;
  return { statuses: ['OK', 'INVALID_ARGUMENT', 'DEADLINE_EXCEEDED'], infer, extensions };
}

/** @param elements of `x` by model */
export function overHttp(address: string, elements: (model: string) => Elements): Transport {
  const infer = async (given: Given): Promise<Answer> => {
    const { model = 'echo', request, input, output, headers = {}, isElsewhere = false } = given;
    const { datatype, shape, data } = elements(model);
    const body = {
      parameters: request,
      inputs: [{ name: 'x', datatype, shape, data: isElsewhere ? undefined : data, parameters: input }],
      outputs: [{ name: 'y', parameters: output }],
    };
    const sent = { headers, body: Buffer.from(JSON.stringify(body)) };
    const reply = await exchange(address, 'POST', `/v2/models/${model}/infer`, sent);
    const text = reply.body.toString('latin1');
    return { status: String(reply.status), text };
  };
  const extensions = async () => {
    const { body } = await exchange(address, 'GET', '/v2');
    return (JSON.parse(body.toString('utf8')) as { extensions: string[] }).extensions;
  };
  return { statuses: ['200', '400', '504'], infer, extensions };
}

/** One tensor, in both forms. */
export interface Elements {
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly raw: Uint8Array;
  readonly data: readonly (number | string)[];
}

/** What the model `echo` gives for elements that stand behind the JSON of a request. */
export async function binaryReply(address: string, elements: Uint8Array): Promise<unknown> {
  const parameters = { binary_data_size: elements.length };
  const json = Buffer.from(
    JSON.stringify({
      inputs: [{ name: 'x', datatype: 'FP32', shape: [1, elements.length / 4], parameters }],
    }),
  );
  const { body } = await exchange(address, 'POST', '/v2/models/echo/infer', {
    headers: { 'inference-header-content-length': String(json.length) },
    body: Buffer.concat([json, elements]),
  });
  return JSON.parse(body.toString('utf8')) as unknown;
}

/** What the model `echo` gives when request and answer are compressed. @throws Error when the answer is not */
export async function inflatedReply(
  address: string,
  shape: readonly number[],
  data: readonly number[],
): Promise<unknown> {
  const inputs = [{ name: 'x', datatype: 'FP32', shape, data }];
  const { headers, body } = await exchange(address, 'POST', '/v2/models/echo/infer', {
    headers: { 'content-encoding': 'gzip', 'accept-encoding': 'gzip' },
    body: gzipSync(JSON.stringify({ inputs })),
  });
  if (headers['content-encoding'] !== 'gzip') throw new Error('expected an answer in gzip');
  return JSON.parse(gunzipSync(body).toString('utf8')) as unknown;
}

/** How a stream ends that asks for a model that nobody knows. */
export async function streamEnd(address: string, headers: Readonly<Record<string, string>>): Promise<string> {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return inferStream(address, [{ modelName: 'nobody' }], metadata).then(
    () => 'OK',
    (error: ServiceError) => statusName(error.code),
  );
}

/** How many responses a stream gives to a request without inputs. @param asksForEnd whether it asks for one without outputs */
export async function responsesTo(address: string, modelName: string, asksForEnd: boolean): Promise<number> {
  const parameters = new Map<string, inference.InferParameter>([
    ['triton_enable_empty_final_response', { parameterChoice: { $case: 'boolParam', value: asksForEnd } }],
  ]);
  const responses = await inferStream(address, [{ modelName, parameters }]);
  expect(responses.map(({ errorMessage }) => errorMessage).join('')).toBe('');
  return responses.length;
}
