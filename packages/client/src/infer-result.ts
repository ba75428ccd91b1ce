/** What `infer` resolves to: one result an instance, always of this shape. */
import type { Value } from '@serving/common';
import type { InferError } from './infer-error.js';

/** Outputs by name: a `Tensor`, a string, or a `Uint8Array` for bytes. */
export type Outputs = Readonly<Record<string, Value>>;

export type InferResult =
  { readonly ok: true; readonly outputs: Outputs } | { readonly ok: false; readonly error: InferError };

/** The outputs of an instance that must have succeeded. @throws InferError the instance's error when it has not */
export function outputsOf(result: InferResult): Outputs {
  if (!result.ok) throw result.error;
  return result.outputs;
}
