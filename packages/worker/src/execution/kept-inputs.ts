/**
 * The inputs of a call as they were before it. A function may write to what it is given, and later stages see that; but one
 * that is called again for the same instances, because of others, has to be given what it was given at first.
 */
import { asBytes, BytesTensor, Tensor, type Value } from '@serving/common';

interface Kept {
  readonly bytes: Uint8Array;
  readonly before: Uint8Array;
}

export class KeptInputs {
  readonly #kept = new Map<number, readonly Kept[]>();

  keep(instance: number, inputs: readonly Value[]): void {
    const kept = inputs.flatMap(bytesOf).map((bytes) => ({ bytes, before: new Uint8Array(bytes) }));
    this.#kept.set(instance, kept);
  }

  /** Undoes what was written to the inputs of these instances. */
  restore(instances: readonly number[]): void {
    for (const instance of instances)
      for (const { bytes, before } of this.#kept.get(instance)!) bytes.set(before);
  }
}

/** What can be written to; texts cannot. */
function bytesOf(value: Value): readonly Uint8Array[] {
  if (value instanceof Tensor) return [asBytes(value.data)];
  if (value instanceof BytesTensor) return value.data;
  return value instanceof Uint8Array ? [value] : [];
}
