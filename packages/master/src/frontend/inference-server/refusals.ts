/** What the protocol has and is not offered, with the reason. */
import { ServingError } from '@serving/common';

/** Of a load or an unload. */
export function refuseModelChange(model: string): never {
  throw new ServingError(
    'FIXED_MODELS',
    `model '${model}': what is served cannot be changed while the server runs; start workers with the servable, or stop those that have it`,
  );
}

/** Memory named by a client is not read or written by the server. @param what was called */
export function refuseSharedMemory(what: string): never {
  throw new ServingError(
    'UNSUPPORTED',
    `${what}: shared memory is not offered; expected tensors in the messages themselves`,
  );
}
