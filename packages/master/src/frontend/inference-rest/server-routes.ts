/** What the server says of itself. */
import type { HttpRoute } from '../../http/http-handler.js';
import { serverMetadata, type ServerFacts } from '../inference-server/server-facts.js';
import { plainResult, restRoute } from './rest-route.js';

export function serverRoutes(server: ServerFacts): HttpRoute[] {
  return [
    restRoute('/v2', { GET: () => plainResult(200, serverMetadata(server, ['binary_tensor_data'])) }),
    restRoute('/v2/health/live', { GET: () => plainResult(200, { live: true }) }),
    restRoute('/v2/health/ready', {
      GET: () => {
        const ready = !server.stopping.aborted;
        return plainResult(ready ? 200 : 400, { ready });
      },
    }),
  ];
}
