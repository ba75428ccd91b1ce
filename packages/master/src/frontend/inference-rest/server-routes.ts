/** What the server says of itself. */
import type { HttpResult, HttpRoute } from '../../http/http-handler.js';
import { serverMetadata, type ServerFacts } from '../inference-server/server-facts.js';
import { plainResult, restRoute } from './rest-route.js';

export function serverRoutes(server: ServerFacts): HttpRoute[] {
  return [
    restRoute('/v2', { GET: () => plainResult(200, serverMetadata(server, ['binary_tensor_data'])) }),
    { ...restRoute('/v2/health/live', { GET: () => plainResult(200, { live: true }) }), whileStopping: true },
    { ...restRoute('/v2/health/ready', { GET: () => readiness(server) }), whileStopping: true },
  ];
}

function readiness({ stopping }: ServerFacts): HttpResult {
  const ready = !stopping.aborted;
  return plainResult(ready ? 200 : 400, { ready });
}
