/**
 * Memory that functions see and that is not theirs alone: instances of strangers lie in one buffer, constants are there for
 * ever. A function may hand what it was given to another thread; without this, it would be gone here.
 */
import { markAsUntransferable } from 'node:worker_threads';
import { BytesTensor, Tensor, type Value } from '@serving/common';

/** Whoever transfers the memory of these values sends a copy, or from Node 21 on gets an error; it stays here. */
export function keepHere(values: Iterable<Value | undefined>): void {
  let last: ArrayBufferLike | undefined;
  for (const value of values)
    for (const { buffer } of arraysOf(value)) {
      // Neighbours mostly share one.
      if (buffer !== last) markAsUntransferable(buffer);
      last = buffer;
    }
}

function arraysOf(value: Value | undefined): readonly ArrayBufferView[] {
  if (value instanceof Tensor) return [value.data];
  if (value instanceof BytesTensor) return value.data;
  return value instanceof Uint8Array ? [value] : [];
}
