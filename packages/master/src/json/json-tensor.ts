/** A JSON value, bare or in nested lists, as a tensor: its shape, and its elements in C order. */
import { isSlices, type Slices, type Soon } from '../slices/slices.js';
import type { JsonCursor, JsonPlace } from './json-cursor.js';
import { LeafCollector, type LeafRules } from './leaf-collector.js';
import { JsonTensorError } from './tensor-error.js';
import type { TensorLeaves } from './tensor-leaves.js';

export interface JsonTensor {
  /** Dimensions, outermost first; empty for a bare value. */
  readonly shape: readonly number[];
  readonly leaves: TensorLeaves;
}

/** Why reading halts between two elements of lists: a pause is due, one takes longer, one is too many for its list, or all are read. */
type Halt = 'pause' | 'element' | 'beyond' | 'end';

/** Reads tensors from one cursor, one after another. */
export class JsonTensorReader {
  readonly #cursor: JsonCursor;
  readonly #collector: LeafCollector;
  /** Length of the lists of each axis, as the first one had it; undefined until that ends. */
  #shape: (number | undefined)[] = [];
  /** Lists around each element; undefined until the first element or empty list. */
  #rank: number | undefined;
  /** Of the lists that have been entered and not left, outermost first: where each began, and elements so far. */
  readonly #begins: number[] = [];
  readonly #sizes: number[] = [];

  constructor(cursor: JsonCursor, rules: LeafRules) {
    this.#cursor = cursor;
    this.#collector = new LeafCollector(cursor, rules);
  }

  /**
   * The next value as a tensor.
   * @throws JsonTensorError when it is none, or what `onObject` throws: the cursor then stands behind the value, and
   *   what follows can be read. JsonError when the value is not even JSON, which nothing can be read behind.
   */
  read(): Soon<JsonTensor> {
    const place = this.#cursor.place();
    this.#shape = [];
    this.#rank = undefined;
    if (this.#sizes.length > 0) this.#leaveAll();
    this.#collector.start();
    try {
      const halt = this.#begin();
      if (halt !== 'end') return this.#readOn(place, halt);
    } catch (thrown) {
      return this.#passOver(place, thrown);
    }
    const leaves = this.#collector.leaves();
    return isSlices(leaves) ? this.#finish(leaves) : { shape: this.#shape as number[], leaves };
  }

  *#readOn(place: JsonPlace, first: Halt): Slices<JsonTensor> {
    try {
      for (let halt = first; halt !== 'end'; halt = this.#advance()) {
        if (halt === 'pause') yield;
        else if (halt === 'beyond') throw yield* this.#ragged();
        else yield* this.#collector.takeRest();
      }
    } catch (thrown) {
      return yield* this.#passOver(place, thrown);
    }
    const leaves = this.#collector.leaves();
    return isSlices(leaves) ? yield* this.#finish(leaves) : { shape: this.#shape as number[], leaves };
  }

  *#finish(leaves: Slices<TensorLeaves>): Slices<JsonTensor> {
    return { shape: this.#shape as number[], leaves: yield* leaves };
  }

  /** Stands behind the value and throws what is wrong with it. */
  *#passOver(place: JsonPlace, fault: unknown): Slices<never> {
    this.#cursor.returnTo(place);
    yield* this.#cursor.skip();
    throw fault;
  }

  /** Lists in which a mistake has ended the reading of a tensor before. */
  #leaveAll(): void {
    this.#begins.length = 0;
    this.#sizes.length = 0;
  }

  #begin(): Halt {
    if (this.#cursor.kind() !== 'array') return this.#collector.take() ? 'end' : 'element';
    this.#enter();
    return this.#advance();
  }

  #enter(): void {
    const axis = this.#begins.length;
    if (axis === this.#shape.length) this.#shape.push(undefined);
    this.#begins.push(this.#cursor.at);
    this.#sizes.push(0);
    this.#cursor.enterArray();
  }

  /** Goes on in the lists until something else has to be done, which is told. */
  #advance(): Halt {
    const cursor = this.#cursor;
    const sizes = this.#sizes;
    if (sizes.length === 0) return 'end';
    let axis = sizes.length - 1;
    let expected = this.#shape[axis];
    while (!cursor.isPauseDue()) {
      if (!cursor.nextElement()) {
        this.#leave(axis--);
        if (axis < 0) return 'end';
      } else if (sizes[axis] === expected) return 'beyond';
      else if (cursor.kind() === 'array') {
        if (axis + 1 === this.#rank) throw this.#nesting(axis, 'element');
        sizes[axis]!++;
        this.#enter();
        axis++;
      } else {
        this.#rank ??= axis + 1;
        if (axis + 1 !== this.#rank) throw this.#nesting(axis, 'array');
        sizes[axis]!++;
        if (this.#collector.take()) continue;
        return 'element';
      }
      expected = this.#shape[axis];
    }
    return 'pause';
  }

  #leave(axis: number): void {
    const expected = this.#shape[axis];
    const size = this.#sizes.pop()!;
    const at = this.#begins.pop()!;
    if (expected === undefined) this.#shape[axis] = size;
    else if (size !== expected)
      throw new JsonTensorError(at, { kind: 'ragged', axis, expected, given: size });
    if (size === 0) this.#rank ??= axis + 1;
  }

  /** A list that goes on behind its expected end: what is left is read only to say how long it is. */
  *#ragged(): Slices<JsonTensorError> {
    const axis = this.#sizes.length - 1;
    const expected = this.#shape[axis]!;
    let given = expected;
    do {
      yield* this.#cursor.skip();
      given++;
    } while (this.#cursor.nextElement());
    return new JsonTensorError(this.#begins[axis]!, { kind: 'ragged', axis, expected, given });
  }

  #nesting(axis: number, expected: 'array' | 'element'): JsonTensorError {
    const fault = { kind: 'nesting', axis: axis + 1, expected, given: this.#cursor.kind() } as const;
    return new JsonTensorError(this.#cursor.at, fault);
  }
}
