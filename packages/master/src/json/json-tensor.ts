/** A JSON value, bare or in nested lists, as a tensor: its shape, and its elements in C order. */
import type { JsonCursor } from './json-cursor.js';
import { LeafCollector, type LeafRules } from './leaf-collector.js';
import { JsonTensorError } from './tensor-error.js';
import type { TensorLeaves } from './tensor-leaves.js';

export interface JsonTensor {
  /** Dimensions, outermost first; empty for a bare value. */
  readonly shape: readonly number[];
  readonly leaves: TensorLeaves;
}

/** Reads tensors from one cursor, one after another. */
export class JsonTensorReader {
  readonly #cursor: JsonCursor;
  readonly #collector: LeafCollector;
  /** Length of the lists of each axis, as the first one had it; undefined until that ends. */
  #shape: (number | undefined)[] = [];
  /** Lists around each element; undefined until the first element or empty list. */
  #rank: number | undefined;

  constructor(cursor: JsonCursor, rules: LeafRules) {
    this.#cursor = cursor;
    this.#collector = new LeafCollector(cursor, rules);
  }

  /**
   * The next value as a tensor.
   * @throws JsonTensorError when it is none, or what `onObject` throws: the cursor then stands behind the value, and
   *   what follows can be read. JsonError when the value is not even JSON, which nothing can be read behind.
   */
  read(): JsonTensor {
    const place = this.#cursor.place();
    this.#shape = [];
    this.#rank = undefined;
    this.#collector.start();
    try {
      if (this.#cursor.kind() === 'array') this.#list(0);
      else this.#collector.take();
    } catch (thrown) {
      this.#cursor.returnTo(place);
      this.#cursor.skip();
      throw thrown;
    }
    return { shape: this.#shape as number[], leaves: this.#collector.leaves() };
  }

  #list(axis: number): void {
    const cursor = this.#cursor;
    const expected = this.#shape[axis];
    if (axis === this.#shape.length) this.#shape.push(undefined);
    const { at } = cursor;
    let size = 0;
    cursor.enterArray();
    while (cursor.nextElement()) {
      if (size === expected) throw this.#ragged(at, axis, expected);
      if (cursor.kind() === 'array') {
        if (axis + 1 === this.#rank) throw this.#nesting(axis, 'element');
        this.#list(axis + 1);
      } else {
        this.#rank ??= axis + 1;
        if (axis + 1 !== this.#rank) throw this.#nesting(axis, 'array');
        this.#collector.take();
      }
      size++;
    }
    if (expected === undefined) this.#shape[axis] = size;
    else if (size !== expected)
      throw new JsonTensorError(at, { kind: 'ragged', axis, expected, given: size });
    if (size === 0) this.#rank ??= axis + 1;
  }

  /** A list that goes on behind its expected end: what is left is read only to say how long it is. */
  #ragged(at: number, axis: number, expected: number): JsonTensorError {
    let given = expected;
    do {
      this.#cursor.skip();
      given++;
    } while (this.#cursor.nextElement());
    return new JsonTensorError(at, { kind: 'ragged', axis, expected, given });
  }

  #nesting(axis: number, expected: 'array' | 'element'): JsonTensorError {
    const fault = { kind: 'nesting', axis: axis + 1, expected, given: this.#cursor.kind() } as const;
    return new JsonTensorError(this.#cursor.at, fault);
  }
}
