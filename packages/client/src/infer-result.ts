/** What `infer` resolves to: one result an instance, always of this shape. */
import type { Value } from '@serving/common';
import type { InferError } from './infer-error.js';

/** Outputs by name: a `Tensor`, a string, or a `Uint8Array` for bytes. */
export type Outputs = Readonly<Record<string, Value>>;

/** What outputs may be said to be: values by name. */
export type NamedOutputs<Named> = { readonly [Name in keyof Named]: Value };

export type InferResult<Named extends NamedOutputs<Named> = Outputs> =
  { readonly ok: true; readonly outputs: Named } | { readonly ok: false; readonly error: InferError };

/** The outputs of an instance that must have succeeded. @throws InferError the instance's error when it has not */
export function outputsOf<Named extends NamedOutputs<Named> = Outputs>(result: InferResult<Named>): Named {
  if (!result.ok) throw result.error;
  return result.outputs;
}
