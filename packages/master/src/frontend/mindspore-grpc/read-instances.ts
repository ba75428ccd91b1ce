/** The instances of a request → blocks of what the method takes. */
import { ServingError, type MethodSignature } from '@serving/common';
import { InstanceBlocks, type ReadInstances } from '../instance-blocks.js';
import type { MindsporeRequest } from './deserialize.js';
import { MethodInputs } from './method-inputs.js';
import { WireCursor } from './wire-cursor.js';

/** Methods are read for again and again, so their inputs' names are encoded once. */
const known = new WeakMap<MethodSignature, MethodInputs>();

function inputsOf(method: MethodSignature): MethodInputs {
  let inputs = known.get(method);
  if (inputs === undefined) {
    inputs = new MethodInputs(method);
    known.set(method, inputs);
  }
  return inputs;
}

/**
 * Puts neighbours with the same dtypes and shapes into blocks, as views into the message. An instance with a missing
 * or malformed input is refused by itself; items that are no inputs of the method are ignored.
 */
export function readInstances(
  { message, places }: Pick<MindsporeRequest, 'message' | 'places'>,
  servable: string,
  method: MethodSignature,
): ReadInstances {
  const blocks = new InstanceBlocks();
  const reader = inputsOf(method);
  const cursor = new WireCursor(message);
  for (let index = 0; 2 * index < places.length; index++) {
    cursor.pos = places[2 * index]!;
    try {
      reader.read(cursor, places[2 * index + 1]!, servable);
      blocks.add(index, reader.inputs, message);
    } catch (thrown) {
      blocks.refuse(index, ServingError.from(thrown));
    }
  }
  return blocks.finish();
}
