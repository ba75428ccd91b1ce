/** MindSpore Serving's PredictRequest → its spec, and where its instances are. */
import { ServingError } from '@serving/common';
import { mostKeptInstances, tooManyInstances } from '../too-many-instances.js';
import { Item, readItems, type ItemTaker } from './instance-items.js';
import { noSpec, SpecReader, type WireSpec } from './spec-reader.js';
import { WireCursor } from './wire-cursor.js';

/** Tags of proto/mindspore_serving/proto/ms_service.proto: field number and wire type. */
const servableSpec = 0x0a;
const instances = 0x12;
const legacyInstances = 0x1a;

/** All instances of a request together: they are gone through again for the method's inputs, and for an error's names. */
const maxItems = 1_000_000;

export interface MindsporeRequest {
  readonly message: Uint8Array;
  readonly spec: WireSpec;
  /** Where each instance begins in the message, and its length as the message gives it. */
  readonly places: readonly number[];
  /** Why the instances are not to be read: the message holds more than it may. */
  readonly refusal: ServingError | undefined;
}

export function instanceCount({ places }: MindsporeRequest): number {
  return places.length / 2;
}

class ItemCounter implements ItemTaker {
  count = 0;

  take(): void {
    this.count++;
  }
}

/** Reads requests, one after another. */
export class RequestReader {
  readonly #maxInstances: number;
  readonly #mostKept: number;
  readonly #specs = new SpecReader();
  readonly #item = new Item();
  readonly #items = new ItemCounter();

  /** @param maxInstances most instances in a request: no more than could ever wait */
  constructor(maxInstances: number) {
    this.#maxInstances = maxInstances;
    this.#mostKept = mostKeptInstances(maxInstances);
  }

  /** @throws ServingError BAD_REQUEST when the bytes are no PredictRequest, down to the last item */
  read(message: Uint8Array): MindsporeRequest {
    try {
      return this.#read(message);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      throw new ServingError(
        'BAD_REQUEST',
        `expected a mindspore.serving.proto.PredictRequest, given ${message.length} bytes that are none: ${detail}`,
      );
    }
  }

  #read(message: Uint8Array): MindsporeRequest {
    const cursor = new WireCursor(message);
    const places: number[] = [];
    const legacyPlaces: number[] = [];
    let spec = noSpec;
    let count = 0;
    this.#items.count = 0;
    while (cursor.pos < message.length) {
      const tag = cursor.varint32();
      if (tag === servableSpec) {
        spec = this.#specs.read(cursor);
      } else if (tag === instances || tag === legacyInstances) {
        const length = cursor.varint32();
        // Two bytes of a message can be an instance, so their number is bounded before anything is kept of them.
        if (++count <= this.#mostKept) (tag === instances ? places : legacyPlaces).push(cursor.pos, length);
        readItems(cursor, length, this.#item, this.#items);
      } else if (!cursor.passOver(tag)) {
        break;
      }
    }
    // Releases 1.1 and 1.2 carry the instances in field 3, later ones in field 2.
    return {
      message,
      spec,
      places: places.length > 0 ? places : legacyPlaces,
      refusal: this.#refusal(count),
    };
  }

  #refusal(given: number): ServingError | undefined {
    if (given > this.#mostKept) return tooManyInstances(this.#maxInstances);
    if (this.#items.count <= maxItems) return undefined;
    return new ServingError('BAD_REQUEST', `items in a request: expected at most ${maxItems}, given more`);
  }
}
