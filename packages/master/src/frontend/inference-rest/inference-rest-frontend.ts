/** The Open Inference Protocol over HTTP, with Triton's extensions. */
import type { HttpRoute } from '../../http/http-handler.js';
import { InferenceRunner, type InferenceSettings } from '../inference/inference-runner.js';
import type { ServerFacts } from '../inference-server/server-facts.js';
import type { LogFacts } from '../inference-server/settings.js';
import { inferRoutes } from './infer-routes.js';
import { modelRoutes } from './model-routes.js';
import { refusedRoutes } from './refused-routes.js';
import { serverRoutes } from './server-routes.js';
import { settingsRoutes } from './settings-routes.js';

export interface InferenceRestSettings extends InferenceSettings, ServerFacts {
  readonly log: LogFacts;
}

/** Everything under `/v2`, to be served by an HTTP server. */
export function inferenceRestRoutes(settings: InferenceRestSettings): HttpRoute[] {
  const { models, log } = settings;
  return [
    ...serverRoutes(settings),
    ...modelRoutes(models),
    ...inferRoutes(models, new InferenceRunner(settings, 'HTTP end point')),
    ...settingsRoutes(models, log),
    ...refusedRoutes(),
  ];
}
