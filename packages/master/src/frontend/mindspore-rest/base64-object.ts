/** `{"b64": …, "type"?: …, "shape"?: …}` → the tensor that it stands for. */
import {
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  shortened,
  type DataType,
} from '@serving/common';
import { Base64Error, decodeBase64 } from '../../json/base64.js';
import type { JsonCursor } from '../../json/json-cursor.js';
import { isSlices, type Slices } from '../../slices/slices.js';
import type { Base64Tensor } from './given-tensor.js';
import { ParserFault } from './parser-fault.js';

const types: ReadonlyMap<string, DataType> = new Map([
  ['bool', 'bool'],
  ['int8', 'int8'],
  ['int16', 'int16'],
  ['int32', 'int32'],
  ['int64', 'int64'],
  ['uint8', 'uint8'],
  ['uint16', 'uint16'],
  ['uint32', 'uint32'],
  ['uint64', 'uint64'],
  ['fp16', 'float16'],
  ['fp32', 'float32'],
  ['fp64', 'float64'],
  ['float16', 'float16'],
  ['float32', 'float32'],
  ['float64', 'float64'],
  ['str', 'string'],
  ['bytes', 'bytes'],
]);

/** As elementCount allows. */
const maxDimensions = 64;
/** Characters of a text that an error shows. */
const maxShown = 40;

/** @throws ParserFault, JsonError */
export function* readBase64Object(cursor: JsonCursor): Slices<Base64Tensor> {
  const given = new Members(cursor);
  const members = cursor.members();
  for (let key = members.next(); key !== undefined; key = members.next()) {
    yield* given.take(key);
    if (cursor.isPauseDue()) yield;
  }
  return yield* given.tensor();
}

/** The object's members, whose faults are told in the original's order: their number, each of them, all together. */
class Members {
  readonly #cursor: JsonCursor;
  readonly #counts = { b64: 0, type: 0, shape: 0 };
  #size = 0;
  #fault: ParserFault | undefined;
  #text: Buffer | undefined;
  #type: DataType = 'bytes';
  #shape: readonly number[] = [];

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
  }

  *take(key: string): Slices<void> {
    this.#size++;
    switch (key) {
      case 'b64':
        this.#counts.b64++;
        return yield* this.#takeText();
      case 'type':
        this.#counts.type++;
        return yield* this.#takeType();
      case 'shape':
        this.#counts.shape++;
        return yield* this.#takeShape();
      default:
        this.#blame(`json object, key is not ['b64', 'type', 'shape'], fail key:${shortened(key, maxShown)}`);
        return yield* this.#cursor.skip();
    }
  }

  #blame(text: string): void {
    this.#fault ??= new ParserFault(text);
  }

  *#takeText(): Slices<void> {
    if (this.#cursor.kind() !== 'string') return yield* this.#cursor.skip();
    const text = this.#cursor.text();
    this.#text = isSlices(text) ? yield* text : text;
    return undefined;
  }

  *#takeType(): Slices<void> {
    if (this.#cursor.kind() !== 'string') {
      this.#blame("json object, key is 'type', value should be string type");
      return yield* this.#cursor.skip();
    }
    const name = yield* this.#cursor.string();
    const type = types.get(name);
    if (type === undefined) {
      const detail = `expected one of ${[...types.keys()].join(', ')}`;
      this.#fault ??= new ParserFault(
        `json object, specified type:'${shortened(name, maxShown)}' is illegal`,
        detail,
      );
    } else this.#type = type;
    return undefined;
  }

  *#takeShape(): Slices<void> {
    const cursor = this.#cursor;
    if (cursor.kind() !== 'array') {
      this.#blame("json object, key is 'shape', value should be array type");
      return yield* cursor.skip();
    }
    const shape: number[] = [];
    let isUnsigned = true;
    cursor.enterArray();
    while (cursor.nextElement()) {
      if (cursor.isPauseDue()) yield;
      if (cursor.kind() !== 'number') {
        isUnsigned = false;
        yield* cursor.skip();
        continue;
      }
      const value = cursor.number();
      isUnsigned &&= cursor.isInteger && value >= 0;
      // One more than there may be is enough to refuse it.
      if (shape.length <= maxDimensions) shape.push(value);
    }
    if (!isUnsigned) this.#blame("json object, key is 'shape', array value should be unsigned integer");
    else if (elementCount(shape) === undefined || shape.slice(0, -1).includes(0)) {
      const detail = 'expected dimensions from 0, a 0 only at the end, and at most 2^32-1 elements';
      const text = `json object, key is 'shape', invalid shape value ${formatShape(shape)}`;
      this.#fault ??= new ParserFault(text, detail);
    }
    this.#shape = shape;
    return undefined;
  }

  *tensor(): Slices<Base64Tensor> {
    this.#check();
    const [dtype, shape] = [this.#type, this.#shape];
    const count = elementCount(shape)!;
    if (!isNumericType(dtype) && count !== 1) {
      throw new ParserFault(
        "json object, only support scalar when data type is string or bytes, please check 'type' or 'shape'",
      );
    }
    const bytes = yield* decoded(this.#text);
    if (!isNumericType(dtype)) return { kind: 'base64', dtype, shape: [], bytes };
    const width = elementWidth(dtype);
    if (bytes.length !== width * count) {
      throw new ParserFault(
        `size is not matched, decode base64 size:${bytes.length}; Given info: type:${dtype}; type size:${width}; element nums:${count}`,
      );
    }
    return { kind: 'base64', dtype, shape, bytes };
  }

  #check(): void {
    if (this.#size === 0) throw new ParserFault('json object, value is empty');
    if (this.#size > 3) {
      throw new ParserFault(
        "json object, items size is more than 3, only support specified ['b64', 'type', 'shape']",
      );
    }
    if (this.#fault !== undefined) throw this.#fault;
    const { b64, type, shape } = this.#counts;
    if (b64 !== 1) throw new ParserFault("json object, 'b64' should be specified only one time");
    if (type > 1) throw new ParserFault("json object, 'type' should be specified no more than one time");
    if (shape > 1) throw new ParserFault("json object, 'shape' should be specified no more than one time");
  }
}

function* decoded(text: Buffer | undefined): Slices<Uint8Array> {
  if (text === undefined)
    throw new ParserFault('get scalar data failed, type is string, but json is not string type');
  try {
    return yield* decodeBase64(text);
  } catch (thrown) {
    if (!(thrown instanceof Base64Error)) throw thrown;
    const given = text.toString('utf8');
    const problem =
      given.length % 4 === 0
        ? 'decode base64 failed, size is not matched.'
        : `'${shortened(given, maxShown)}' is illegal b64 encode string`;
    throw new ParserFault(problem, thrown.message);
  }
}
