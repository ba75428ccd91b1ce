/**
 * Looks over a large message before it is decoded. Two bytes on the wire can become a hundred in memory (an empty
 * instance, an empty item), so what a message may hold is bounded besides its size.
 */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import { ServingError } from '@serving/common';

/** Below this many bytes a message cannot become large enough to matter. */
const smallMessageBytes = 16 * 1024;
/** Fields with contents in a whole message. An instance with n inputs has 1 + 5n: 410,000 for 10,000 with 8 each. */
const maxFields = 1_000_000;
/** Entries of one tensor's bytes_val. The protocol has one; a few more are told apart from it by the tensor's check. */
const maxBytesValues = 16;
/** A shape of 64 dimensions, each a varint of at most 10 bytes with its tag. */
const maxShapeBytes = 64 * 11;
/** All shapes of a message together: each byte may become a dimension of 32. */
const maxShapesBytes = 4 * 2 ** 20;

/** Field numbers of proto/mindspore_serving/proto/ms_service.proto, from the request down to a tensor's shape. */
const instances = [2, 3];
const items = [1, 2];
const mapValue = 2;
const shape = 1;
const bytesVal = 4;

/** What is wrong when a limit is exceeded; what cannot be read is left to the decoder, which says so, and where. */
export function measure(message: Uint8Array, maxInstances: number): ServingError | undefined {
  if (message.length < smallMessageBytes) return undefined;
  try {
    new Survey(maxInstances).request(message);
  } catch (thrown) {
    if (thrown instanceof ServingError) return thrown;
  }
  return undefined;
}

class Survey {
  readonly #maxInstances: number;
  #instances = 0;
  #fields = 0;
  #shapesBytes = 0;

  constructor(maxInstances: number) {
    this.#maxInstances = maxInstances;
  }

  request(message: Uint8Array): void {
    this.#eachField(message, (number, instance) => {
      if (!instances.includes(number)) return;
      if (++this.#instances > this.#maxInstances) throw queueFull(this.#maxInstances);
      this.#eachField(instance, (part, entry) => {
        if (items.includes(part)) this.#item(entry);
      });
    });
  }

  #item(entry: Uint8Array): void {
    this.#eachField(entry, (number, tensor) => {
      if (number === mapValue) this.#tensor(tensor);
    });
  }

  #tensor(tensor: Uint8Array): void {
    let bytesValues = 0;
    this.#eachField(tensor, (part, bytes) => {
      if (part === bytesVal && ++bytesValues > maxBytesValues)
        throw exceeded('entries in the bytes_val of a tensor', maxBytesValues);
      if (part !== shape) return;
      if (bytes.length > maxShapeBytes) throw exceeded('bytes of a shape', maxShapeBytes);
      this.#shapesBytes += bytes.length;
      if (this.#shapesBytes > maxShapesBytes) throw exceeded('bytes of all shapes', maxShapesBytes);
    });
  }

  /** Visits the fields that hold something; the others cost nothing to decode. */
  #eachField(message: Uint8Array, visit: (number: number, bytes: Uint8Array) => void): void {
    const reader = new BinaryReader(message);
    while (reader.pos < reader.len) {
      const [number, wireType] = reader.tag();
      if (wireType !== WireType.LengthDelimited) {
        reader.skip(wireType);
        continue;
      }
      if (++this.#fields > maxFields) throw exceeded('fields', maxFields);
      visit(number, reader.bytes());
    }
  }
}

function exceeded(what: string, limit: number): ServingError {
  return new ServingError('BAD_REQUEST', `${what} in a request: expected at most ${limit}, given more`);
}

/** In the words of the queue that would have refused them. */
function queueFull(maxInstances: number): ServingError {
  return new ServingError(
    'QUEUE_FULL',
    `Serving Error: enqueued requests count exceeds the limit ${maxInstances}; more instances are given in one request`,
  );
}
