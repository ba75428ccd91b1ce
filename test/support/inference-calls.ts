/** Rpcs of GRPCInferenceService with its own messages, as any client sends them. */
import {
  credentials,
  Client as GrpcClient,
  Metadata,
  type ClientDuplexStream,
  type ServiceError,
} from '@grpc/grpc-js';
import { inference } from '@serving/common';

const unlimited = { 'grpc.max_receive_message_length': -1, 'grpc.max_send_message_length': -1 };
const toBuffer = (bytes: Uint8Array) => Buffer.from(bytes);
const fromBuffer = (bytes: Buffer): Uint8Array => bytes;

interface MessageType<Message> {
  encode(message: Message): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Message;
}

/** One call of an rpc whose types are given. Rejects with grpc-js's error when it fails. */
export function callRpc<Request, Response>(
  address: string,
  path: string,
  [request, response]: readonly [MessageType<Request>, MessageType<Response>],
  message: Partial<Request>,
  metadata = new Metadata(),
): Promise<Response> {
  const client = new GrpcClient(address, credentials.createInsecure(), unlimited);
  const whole = { ...request.decode(new Uint8Array(0)), ...message };
  return new Promise<Uint8Array>((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      toBuffer,
      fromBuffer,
      request.encode(whole).finish(),
      metadata,
      (error: ServiceError | null, reply?: Uint8Array) => (error === null ? resolve(reply!) : reject(error)),
    );
  })
    .then((bytes) => response.decode(bytes))
    .finally(() => client.close());
}

const service = '/inference.GRPCInferenceService/';

export const ask = {
  live: (address: string) =>
    callRpc(address, `${service}ServerLive`, [inference.ServerLiveRequest, inference.ServerLiveResponse], {}),
  metadata: (address: string, name: string) =>
    callRpc(
      address,
      `${service}ModelMetadata`,
      [inference.ModelMetadataRequest, inference.ModelMetadataResponse],
      { name },
    ),
  config: (address: string, name: string) =>
    callRpc(address, `${service}ModelConfig`, [inference.ModelConfigRequest, inference.ModelConfigResponse], {
      name,
    }),
  statistics: (address: string, name: string) =>
    callRpc(
      address,
      `${service}ModelStatistics`,
      [inference.ModelStatisticsRequest, inference.ModelStatisticsResponse],
      { name },
    ),
  infer: (address: string, request: Partial<inference.ModelInferRequest>) =>
    callRpc(
      address,
      `${service}ModelInfer`,
      [inference.ModelInferRequest, inference.ModelInferResponse],
      request,
    ),
};

export function inferInput(
  name: string,
  datatype: string,
  shape: readonly number[],
): inference.ModelInferRequest_InferInputTensor {
  return { name, datatype, shape: shape.map(BigInt), parameters: new Map(), contents: undefined };
}

/** The answers to these requests, sent on one stream. */
export async function inferStream(
  address: string,
  requests: readonly Partial<inference.ModelInferRequest>[],
  metadata = new Metadata(),
): Promise<inference.ModelStreamInferResponse[]> {
  const client = new GrpcClient(address, credentials.createInsecure(), unlimited);
  const stream = client.makeBidiStreamRequest(`${service}ModelStreamInfer`, toBuffer, fromBuffer, metadata);
  const empty = inference.ModelInferRequest.decode(new Uint8Array(0));
  for (const request of requests)
    stream.write(inference.ModelInferRequest.encode({ ...empty, ...request }).finish());
  stream.end();
  const answers: inference.ModelStreamInferResponse[] = [];
  for await (const bytes of stream as AsyncIterable<Uint8Array>)
    answers.push(inference.ModelStreamInferResponse.decode(bytes));
  client.close();
  return answers;
}

/** A stream of requests whose answers are read one by one, when they are asked for. */
export class InferStream {
  readonly #client: GrpcClient;
  readonly #stream: ClientDuplexStream<Uint8Array, Uint8Array>;
  readonly #answers: AsyncIterator<Uint8Array>;

  constructor(address: string) {
    this.#client = new GrpcClient(address, credentials.createInsecure(), unlimited);
    this.#stream = this.#client.makeBidiStreamRequest(
      `${service}ModelStreamInfer`,
      toBuffer,
      fromBuffer,
      new Metadata(),
    );
    // Whoever reads learns of it.
    this.#stream.on('error', () => undefined);
    this.#answers = (this.#stream as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }

  send(request: Partial<inference.ModelInferRequest>): void {
    const empty = inference.ModelInferRequest.decode(new Uint8Array(0));
    this.#stream.write(inference.ModelInferRequest.encode({ ...empty, ...request }).finish());
  }

  /** Undefined at the end. */
  async next(): Promise<inference.ModelStreamInferResponse | undefined> {
    const { done, value } = await this.#answers.next();
    return done === true ? undefined : inference.ModelStreamInferResponse.decode(value);
  }

  /** No request follows. */
  end(): void {
    this.#stream.end();
  }

  cancel(): void {
    this.#stream.cancel();
    this.#client.close();
  }
}
