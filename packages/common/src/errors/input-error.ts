/** An error of a stage that is the caller's doing. */

/** Known by this, not by its class: a helper package may have a copy of its own. */
const brand = Symbol.for('serving.InputError');

/**
 * To be thrown by a stage's function, or put in place of a result, when what the caller has sent makes no sense to it: the
 * instance is answered with INVALID_INPUTS (HTTP 400) instead of SYSTEM_ERROR (500). The first line of the message reaches
 * the caller.
 */
export class InputError extends Error {
  override readonly name = 'InputError';
  readonly [brand] = true;
}

/** Never throws, whatever a stage has thrown. */
export function isInputError(thrown: unknown): boolean {
  try {
    return typeof thrown === 'object' && thrown !== null && brand in thrown;
  } catch {
    return false;
  }
}
