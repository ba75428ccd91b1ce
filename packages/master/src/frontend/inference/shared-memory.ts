/** Tensors that are said to be in memory that client and server share. */
import { ServingError } from '@serving/common';

export const sharedMemoryRegion = 'shared_memory_region';

/**
 * @param parameters of an input or an output
 * @param what names it
 * @throws ServingError UNSUPPORTED when they name such memory
 */
export function refuseSharedTensor(parameters: { has(name: string): boolean }, what: string): void {
  if (parameters.has(sharedMemoryRegion))
    throw new ServingError(
      'UNSUPPORTED',
      `${what}: expected its elements in the request, given shared memory`,
    );
}
