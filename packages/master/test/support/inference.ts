/** The Open Inference front end over a replica that gives back what it gets, and short ways to ask it. */
import {
  Block,
  inference,
  ServingError,
  type MethodSignature,
  type Port,
  type RpcCall,
  type RpcResult,
} from '@serving/common';
import { inferenceGrpcRoutes } from '../../src/frontend/inference-grpc/inference-grpc-frontend.js';
import { Models } from '../../src/frontend/inference-models/models.js';
import { FakeReplica, type FakeReplicaOptions, type FakeWork } from './fake-replica.js';
import { callWith, limits } from './grpc-frontend.js';
import { Plane } from './plane.js';

export function method(
  name: string,
  inputs: readonly Port[],
  more: Partial<MethodSignature> = {},
): MethodSignature {
  return { name, inputs, outputs: [{ name: 'y' }], modelBatchSize: 0, idempotent: true, ...more };
}

/** One instance per request, or [n, …] with `batched`. */
export const echo = method('echo', [{ name: 'x' }]);
export const batchedEcho = method('echo', [{ name: 'x' }], { batched: true });

/** Answers every instance with its first input as `y`. */
export function giveBack(work: FakeWork): void {
  let first = 0;
  for (const section of work.contents.sections) {
    const [column] = section.columns;
    const outputs = new Block(section.count, [{ ...column!, name: 'y' }]).all();
    work.send({ first, count: section.count, sequence: 0, last: true, outcome: { ok: true, outputs } });
    first += section.count;
  }
}

export class InferenceBench {
  readonly plane = new Plane(limits);
  readonly models = new Models(this.plane.table, () => false);
  readonly stopping = new AbortController();
  readonly #routes = new Map(
    inferenceGrpcRoutes({
      models: this.models,
      endpoint: this.plane.endpoint,
      clock: this.plane.clock,
      release: '1.2.3',
      stopping: this.stopping.signal,
      maxMessageBytes: 2 ** 20,
      log: { isLevelEnabled: (level) => level !== 'info' },
      onInternalError: (error) => void this.plane.internal.push(error),
    }).map((route) => [route.path.slice(route.path.lastIndexOf('/') + 1), route]),
  );

  /** A replica that gives back what it gets, unless `onSend` says otherwise. */
  serve(options: FakeReplicaOptions, onSend = giveBack): FakeReplica {
    const replica = new FakeReplica(options);
    replica.onSend = (work) => {
      onSend(work);
      replica.grant();
    };
    this.plane.registry.add(replica);
    replica.grant();
    return replica;
  }

  get rpcs(): string[] {
    return [...this.#routes.keys()];
  }

  route(rpc: string) {
    return this.#routes.get(rpc)!;
  }

  async send(rpc: string, message: Uint8Array, call: Partial<RpcCall> = {}): Promise<RpcResult> {
    const route = this.route(rpc);
    if (route.kind !== 'unary') throw new Error(`${rpc} is no unary rpc`);
    const result = route.handle(callWith(call), message);
    this.plane.runDeferred();
    return result;
  }

  async infer(
    request: Partial<inference.ModelInferRequest>,
    call: Partial<RpcCall> = {},
  ): Promise<inference.ModelInferResponse> {
    const { body } = await this.send('ModelInfer', encodeInfer(request), call);
    return inference.ModelInferResponse.decode(Buffer.concat(body));
  }

  /** Code and text of the error that the request ends with. */
  async refusal(request: Partial<inference.ModelInferRequest>, call: Partial<RpcCall> = {}): Promise<string> {
    return this.infer(request, call).then(
      (response) => `no error but ${JSON.stringify(response.outputs)}`,
      (thrown: unknown) => {
        const { code, message } = ServingError.from(thrown);
        return `${code}: ${message}`;
      },
    );
  }
}

const emptyRequest = inference.ModelInferRequest.decode(new Uint8Array(0));

export function encodeInfer(request: Partial<inference.ModelInferRequest>): Uint8Array {
  return inference.ModelInferRequest.encode({ ...emptyRequest, ...request }).finish();
}

type WireInput = inference.ModelInferRequest_InferInputTensor;

export function input(
  name: string,
  datatype: string,
  shape: readonly (number | bigint)[],
  more: Partial<WireInput> = {},
): WireInput {
  return { name, datatype, shape: shape.map(BigInt), parameters: new Map(), contents: undefined, ...more };
}

export function contents(given: Partial<inference.InferTensorContents>): inference.InferTensorContents {
  return { ...inference.InferTensorContents.decode(new Uint8Array(0)), ...given };
}

export function parameter(value: boolean | bigint | string): inference.InferParameter {
  if (typeof value === 'boolean') return { parameterChoice: { $case: 'boolParam', value } };
  if (typeof value === 'string') return { parameterChoice: { $case: 'stringParam', value } };
  return { parameterChoice: { $case: 'int64Param', value } };
}

export const parameters = (given: Readonly<Record<string, boolean | bigint | string>>) =>
  new Map(Object.entries(given).map(([name, value]) => [name, parameter(value)]));

export const floatBytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

/** A request for `y` of one FP32 input `x`. */
export function floatsRequest(
  modelName: string,
  shape: readonly number[],
  values: readonly number[],
): Partial<inference.ModelInferRequest> {
  return { modelName, inputs: [input('x', 'FP32', shape)], rawInputContents: [floatBytes(...values)] };
}
