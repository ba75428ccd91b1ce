/** The Open Inference Protocol over gRPC: `inference.GRPCInferenceService`, with Triton's extensions. */
import type { RpcRoute } from '@serving/common';
import { InferenceRunner, type InferenceSettings } from '../inference/inference-runner.js';
import { inferRoutes } from './infer-rpcs.js';
import { modelRoutes } from './model-rpcs.js';
import { serverRoutes, type ServerFacts } from './server-rpcs.js';

export interface InferenceGrpcSettings extends InferenceSettings, ServerFacts {}

/** The routes of GRPCInferenceService, to be served by a gRPC server. */
export function inferenceGrpcRoutes(settings: InferenceGrpcSettings): RpcRoute[] {
  const runner = new InferenceRunner(settings);
  return [...serverRoutes(settings), ...modelRoutes(settings.models), ...inferRoutes(runner)];
}
