/** A grpc-js client without messages of any type, and a way to wait for a condition. */
import { Client, credentials, Metadata, type CallOptions, type ServiceError } from '@grpc/grpc-js';

export interface GrpcAnswer {
  readonly error: ServiceError | undefined;
  readonly reply: Uint8Array | undefined;
}

const identity = (bytes: Buffer) => bytes;

export class RawClient {
  readonly #client: Client;

  constructor(address: string) {
    this.#client = new Client(address, credentials.createInsecure(), {
      'grpc.use_local_subchannel_pool': 1,
      'grpc.max_receive_message_length': -1,
      'grpc.max_send_message_length': -1,
    });
  }

  predict(message: Uint8Array, options: CallOptions = {}, metadata = new Metadata()): Promise<GrpcAnswer> {
    return this.begin(message, options, metadata).answer;
  }

  /** Like `predict`, with the way to cancel it. */
  begin(message: Uint8Array, options: CallOptions = {}, metadata = new Metadata()) {
    let cancel: () => void = () => undefined;
    const answer = new Promise<GrpcAnswer>((resolve) => {
      const call = this.#client.makeUnaryRequest<Buffer, Buffer>(
        '/mindspore.serving.proto.MSService/Predict',
        identity,
        identity,
        Buffer.from(message),
        metadata,
        options,
        (error, reply) => resolve({ error: error ?? undefined, reply }),
      );
      cancel = () => call.cancel();
    });
    return { answer, cancel: () => cancel() };
  }

  close(): void {
    this.#client.close();
  }
}

/** Resolves once the condition holds; the test's own timeout ends a wait in vain. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
