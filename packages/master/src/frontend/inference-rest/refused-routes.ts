/** Paths of the protocol that are not offered, and those that it does not have. */
import { ServingError } from '@serving/common';
import type { HttpHandler, HttpRoute } from '../../http/http-handler.js';
import { refuseSharedMemory } from '../inference-server/refusals.js';
import { restRoute } from './rest-route.js';

export function refusedRoutes(): HttpRoute[] {
  const memories = ['/v2/systemsharedmemory', '/v2/cudasharedmemory'];
  const regions = memories.flatMap((memory) => [memory, `${memory}/region/:region`]);
  const refuse: HttpHandler = ({ path }) => refuseSharedMemory(path);
  return [
    ...regions.flatMap((region) => [
      restRoute(`${region}/status`, { GET: refuse }),
      restRoute(`${region}/register`, { POST: refuse }),
      restRoute(`${region}/unregister`, { POST: refuse }),
    ]),
    restRoute('/v2/*', { GET: unknownPath, POST: unknownPath }),
  ];
}

const unknownPath: HttpHandler = ({ path }) => {
  throw new ServingError('UNKNOWN_PATH', `Not Found: nothing is served at ${path}`);
};
