/** Rpcs that are not offered: memory named by a client is not read or written by the server. */
import { ServingError, type RpcRoute } from '@serving/common';
import { servicePath } from './rpc.js';

const names = ['System', 'Cuda'].flatMap((kind) =>
  ['Status', 'Register', 'Unregister'].map((what) => `${kind}SharedMemory${what}`),
);

export function refusedRoutes(): RpcRoute[] {
  return names.map((name) => ({ kind: 'unary', path: `${servicePath}${name}`, handle: () => refuse(name) }));
}

function refuse(name: string): never {
  throw new ServingError(
    'UNSUPPORTED',
    `${name}: shared memory is not offered; expected tensors in the messages themselves`,
  );
}
