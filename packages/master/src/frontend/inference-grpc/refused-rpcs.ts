/** Rpcs that are not offered. */
import type { RpcRoute } from '@serving/common';
import { refuseSharedMemory } from '../inference-server/refusals.js';
import { servicePath } from './rpc.js';

const names = ['System', 'Cuda'].flatMap((kind) =>
  ['Status', 'Register', 'Unregister'].map((what) => `${kind}SharedMemory${what}`),
);

export function refusedRoutes(): RpcRoute[] {
  return names.map((name) => ({
    kind: 'unary',
    path: `${servicePath}${name}`,
    handle: () => refuseSharedMemory(name),
  }));
}
