/** `/livez` and `/readyz`, as Kubernetes and load balancers ask: they look at the status only, people at the body. */
import { ServingError } from '@serving/common';
import { jsonResult, type HttpCall, type HttpResult, type HttpRoute } from '../../http/http-handler.js';
import type { Models } from '../inference-models/models.js';

export interface ReadinessSource {
  readonly models: Pick<Models, 'isServed' | 'all'>;
  /** Aborts when the master begins to stop. */
  readonly stopping: AbortSignal;
}

/**
 * `/livez` is 200 as long as the process answers; `/readyz` until the master stops, and `/readyz/<model>` while a replica
 * of it is live: 503 when none is, 404 for one that nobody knows.
 */
export function httpHealthRoutes(source: ReadinessSource): HttpRoute[] {
  const whileStopping = true;
  return [
    { path: '/livez', handlers: { GET: () => jsonResult(200, { live: true }) }, failed, whileStopping },
    { path: '/readyz', handlers: { GET: () => readiness(source) }, failed, whileStopping },
    {
      path: '/readyz/:model',
      handlers: { GET: ({ params }) => modelReadiness(source, params['model']!) },
      failed,
      whileStopping,
    },
  ];
}

function readiness({ models, stopping }: ReadinessSource): HttpResult {
  const names = [...new Set(models.all().map(({ name }) => name))];
  const ready = !stopping.aborted;
  const served = Object.fromEntries(names.map((name) => [name, models.isServed(name) === true]));
  return jsonResult(ready ? 200 : 503, { ready, models: served });
}

function modelReadiness({ models, stopping }: ReadinessSource, name: string): HttpResult {
  const isServed = models.isServed(name);
  if (isServed === undefined) throw new ServingError('SERVABLE_NOT_FOUND', `no model '${name}' here`);
  const ready = isServed && !stopping.aborted;
  return jsonResult(ready ? 200 : 503, { ready });
}

function failed(error: ServingError, _call: HttpCall): HttpResult {
  return jsonResult(error.httpStatus, { error: error.message });
}
