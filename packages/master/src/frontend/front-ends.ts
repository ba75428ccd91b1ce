/** The front ends of each port: every protocol that is spoken there. */
import type { Clock, Logger, RpcRoute, ServingError } from '@serving/common';
import type { HttpRoute } from '../http/http-handler.js';
import { release } from '../release.js';
import { healthRoutes } from './health/health-frontend.js';
import { httpHealthRoutes } from './health/http-health.js';
import { httpMetricsRoutes, type MetricsText } from './http-metrics.js';
import { inferenceGrpcRoutes } from './inference-grpc/inference-grpc-frontend.js';
import { inferenceRestRoutes } from './inference-rest/inference-rest-frontend.js';
import type { Models } from './inference-models/models.js';
import { mindsporeGrpcRoutes } from './mindspore-grpc/mindspore-grpc-frontend.js';
import { mindsporeRestRoute } from './mindspore-rest/mindspore-rest-frontend.js';
import type { PredictEndpoint } from './predict-endpoint.js';
import { reflectionRoutes } from './reflection/reflection-frontend.js';
import { tensorflowRestRoutes } from './tensorflow-rest/tensorflow-rest-frontend.js';

export interface FrontEndSettings {
  readonly models: Models;
  readonly metrics: MetricsText;
  readonly endpoint: PredictEndpoint;
  readonly clock: Clock;
  /** Most instances in a request: no more than could ever wait. */
  readonly maxInstances: number;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
  readonly onReplicasChanged: (listener: () => void) => () => void;
  readonly logger: Logger;
  readonly onInternalError: (error: ServingError) => void;
}

/** What the gRPC port's front ends know besides. */
export interface GrpcFrontEndSettings extends FrontEndSettings {
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
}

export function grpcFrontEnds(settings: GrpcFrontEndSettings): RpcRoute[] {
  const { stopping, logger } = settings;
  return [
    ...mindsporeGrpcRoutes(settings),
    ...inferenceGrpcRoutes({ ...settings, release, log: logger }),
    ...healthRoutes(settings),
    ...reflectionRoutes(stopping),
  ];
}

export interface HttpFrontEnds {
  readonly routes: readonly HttpRoute[];
  /** Answers every other path: MindSpore Serving has words of its own for those that are none of its. */
  readonly fallback: HttpRoute;
}

/** What the HTTP port's front ends know besides. */
export interface HttpFrontEndSettings extends FrontEndSettings {
  /** Largest body taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Whether errors of MindSpore Serving's protocol have a status of their own; otherwise it is 200. */
  readonly statusCodes: boolean;
}

export function httpFrontEnds(settings: HttpFrontEndSettings): HttpFrontEnds {
  const { logger } = settings;
  const routes = [
    ...httpHealthRoutes(settings),
    ...httpMetricsRoutes(settings),
    ...inferenceRestRoutes({ ...settings, release, log: logger }),
    ...tensorflowRestRoutes(settings),
  ];
  return { routes, fallback: mindsporeRestRoute(settings) };
}
