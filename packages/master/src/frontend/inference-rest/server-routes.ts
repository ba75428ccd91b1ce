/** What the server says of itself. */
import { jsonResult, type HttpRoute } from '../../http/http-handler.js';
import { serverMetadata, type ServerFacts } from '../inference-server/server-facts.js';
import { restRoute } from './rest-route.js';

export function serverRoutes(server: ServerFacts): HttpRoute[] {
  return [
    restRoute('/v2', { GET: () => jsonResult(200, serverMetadata(server, ['binary_tensor_data'])) }),
    restRoute('/v2/health/live', { GET: () => jsonResult(200, { live: true }) }),
    restRoute('/v2/health/ready', {
      GET: () => {
        const ready = !server.stopping.aborted;
        return jsonResult(ready ? 200 : 400, { ready });
      },
    }),
  ];
}
