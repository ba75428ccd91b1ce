/** The Open Inference Protocol over gRPC: `inference.GRPCInferenceService`, with Triton's extensions. */
import type { RpcRoute } from '@serving/common';
import { InferenceRunner, type InferenceSettings } from '../inference/inference-runner.js';
import type { ServerFacts } from '../inference-server/server-facts.js';
import type { LogFacts } from '../inference-server/settings.js';
import { inferRoutes } from './infer-rpcs.js';
import { modelRoutes } from './model-rpcs.js';
import { refusedRoutes } from './refused-rpcs.js';
import { serverRoutes } from './server-rpcs.js';
import { settingsRoutes } from './settings-rpcs.js';
import type { StreamSettings } from './stream-infer.js';

export interface InferenceGrpcSettings
  extends InferenceSettings, ServerFacts, Omit<StreamSettings, 'runner' | 'read'> {
  readonly log: LogFacts;
}

/** The routes of GRPCInferenceService, to be served by a gRPC server. */
export function inferenceGrpcRoutes(settings: InferenceGrpcSettings): RpcRoute[] {
  const { models, log, stopping, maxMessageBytes, onInternalError } = settings;
  return [
    ...serverRoutes(settings),
    ...modelRoutes(models),
    ...inferRoutes(new InferenceRunner(settings, 'ModelInfer RPC'), {
      stopping,
      maxMessageBytes,
      onInternalError,
    }),
    ...settingsRoutes(models, log),
    ...refusedRoutes(),
  ];
}
