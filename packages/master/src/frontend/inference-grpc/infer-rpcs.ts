/** ModelInfer and ModelStreamInfer. */
import { grpcStatus, type RpcCall, type RpcResult, type RpcRoute } from '@serving/common';
import type { InferRequest } from '../inference/infer-request.js';
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
  return [
    {
      kind: 'unary',
      path: `${servicePath}ModelInfer`,
      handle: (call, message) => infer(runner, call, message),
    },
    {
      kind: 'stream',
      path: `${servicePath}ModelStreamInfer`,
      handle: streamInfer({ ...settings, runner, read: readRequest }),
    },
  ];
}

async function infer(runner: InferenceRunner, call: RpcCall, message: Uint8Array): Promise<RpcResult> {
  const response = await runner.infer(call, readRequest(message));
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
