/** ModelInfer and ModelStreamInfer. */
import { grpcStatus, type RpcResult, type RpcRoute } from '@serving/common';
import type { InferRequest, InferResponse } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
import { bufferBytes, viewBytes } from '../retained-bytes.js';
import { decodeRequest, inferRequestOf } from './deserialize.js';
import { servicePath } from './rpc.js';
import { writeResponse } from './serialize.js';
import { streamInfer, type StreamSettings } from './stream-infer.js';

export function inferRoutes(
  runner: InferenceRunner,
  settings: Omit<StreamSettings, 'runner' | 'read'>,
): RpcRoute[] {
  const read = (message: Uint8Array) => runner.read(() => readRequest(message));
  return [
    {
      kind: 'unary',
      path: `${servicePath}ModelInfer`,
      handle: async (call, message) => answer(await runner.infer(call, read(message))),
    },
    {
      kind: 'stream',
      path: `${servicePath}ModelStreamInfer`,
      handle: streamInfer({ ...settings, runner, read }),
    },
  ];
}

function answer(response: InferResponse): RpcResult {
  return { status: grpcStatus.OK, body: writeResponse(response) };
}

function readRequest(message: Uint8Array): InferRequest {
  const request = decodeRequest(message);
  const elements = request.inputs.reduce(
    (sum, { contents }) => sum + (contents?.bytesContents.length ?? 0),
    0,
  );
  return inferRequestOf(
    request,
    bufferBytes(message) + viewBytes * (request.rawInputContents.length + elements),
  );
}
