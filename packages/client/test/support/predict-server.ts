/** A server with the Predict method alone, on real gRPC, whose answers a test chooses. */
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from '@grpc/grpc-js';
import { mindspore } from '@serving/common';

export type PredictCall = ServerUnaryCall<Uint8Array, Uint8Array>;

/** A reply, the bytes of one, a failed call, or undefined for no answer at all. */
export type Answer =
  | Partial<mindspore.PredictReply>
  | Uint8Array
  | { readonly code: number; readonly details: string }
  | undefined;

export interface PredictServer {
  readonly address: string;
  readonly requests: mindspore.PredictRequest[];
  readonly calls: PredictCall[];
  stop(): void;
}

const identity = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export async function startPredictServer(
  answer: (request: mindspore.PredictRequest, call: PredictCall) => Answer,
  address = '127.0.0.1:0',
): Promise<PredictServer> {
  const server = new Server({ 'grpc.max_receive_message_length': -1 });
  const requests: mindspore.PredictRequest[] = [];
  const calls: PredictCall[] = [];
  const handle = (call: PredictCall, callback: sendUnaryData<Uint8Array>) => {
    const request = mindspore.PredictRequest.decode(call.request);
    requests.push(request);
    calls.push(call);
    send(answer(request, call), callback);
  };
  server.register('/mindspore.serving.proto.MSService/Predict', handle, identity, identity, 'unary');
  const port = await listen(server, address);
  const shown = address.startsWith('unix:') ? address : `127.0.0.1:${port}`;
  return { address: shown, requests, calls, stop: () => server.forceShutdown() };
}

function send(answer: Answer, callback: sendUnaryData<Uint8Array>): void {
  if (answer === undefined) return;
  if (ArrayBuffer.isView(answer)) callback(null, answer);
  else if ('code' in answer) callback(answer);
  else callback(null, encodeReply(answer));
}

function encodeReply(reply: Partial<mindspore.PredictReply>): Uint8Array {
  return mindspore.PredictReply.encode({
    servableSpec: undefined,
    instances: [],
    errorMsg: [],
    ...reply,
  }).finish();
}

function listen(server: Server, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.bindAsync(address, ServerCredentials.createInsecure(), (error, port) =>
      error === null ? resolve(port) : reject(error),
    );
  });
}
