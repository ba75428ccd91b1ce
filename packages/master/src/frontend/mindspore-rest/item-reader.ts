/** A value of an instance → the tensor that it stands for. */
import type { Port } from '@serving/common';
import type { JsonCursor } from '../../json/json-cursor.js';
import { JsonTensorReader, type JsonTensor } from '../../json/json-tensor.js';
import { ReadBudget } from '../../json/read-budget.js';
import { isSlices, type Slices, type Soon } from '../../slices/slices.js';
import { readBase64Object } from './base64-object.js';
import { isFloatType, type Base64Tensor, type GivenTensor } from './given-tensor.js';
import { ParserFault } from './parser-fault.js';

/** Reads values from one cursor, one after another. */
export class ItemReader {
  readonly #cursor: JsonCursor;
  readonly #budget = new ReadBudget(() => new ParserFault('json array, shape is invalid'));
  /** For inputs where it is known what `[1, 2.5]` is, and for others. */
  readonly #mixed: JsonTensorReader;
  readonly #uniform: JsonTensorReader;
  /** The object in the list that is being read. */
  #listed: Base64Tensor | undefined;

  constructor(cursor: JsonCursor) {
    this.#cursor = cursor;
    const rules = this.#budget.rules({ onObject: () => this.#listedObject() });
    this.#mixed = new JsonTensorReader(cursor, rules);
    this.#uniform = new JsonTensorReader(cursor, { ...rules, mixedNumbers: false });
  }

  /**
   * @param port the input that the value is for
   * @throws ParserFault, JsonTensorError, JsonError
   */
  read(port: Port | undefined): Soon<GivenTensor> {
    const kind = this.#cursor.kind();
    if (kind === 'null') throw new ParserFault('json value is null, it is not supported');
    if (kind === 'object') return readBase64Object(this.#cursor);
    const isMixed = port?.isDeclared === true || isFloatType(port?.dtype);
    this.#listed = undefined;
    const tensor = (isMixed ? this.#mixed : this.#uniform).read();
    return isSlices(tensor) ? this.#givenSoon(tensor) : this.#given(tensor);
  }

  *#givenSoon(tensor: Slices<JsonTensor>): Slices<GivenTensor> {
    return this.#given(yield* tensor);
  }

  #given(tensor: JsonTensor): GivenTensor {
    const { leaves } = tensor;
    this.#budget.spend(leaves);
    if (leaves.kind === 'texts' && leaves.values.length > 1) throw severalTexts();
    return this.#listed ?? { kind: 'json', ...tensor };
  }

  *#listedObject(): Slices<Uint8Array> {
    if (this.#listed !== undefined) throw severalTexts();
    this.#listed = yield* readBase64Object(this.#cursor);
    const { dtype, bytes } = this.#listed;
    if (dtype === 'string' || dtype === 'bytes') return bytes;
    throw new ParserFault(
      'json array, item is object type, object only support string or bytes type',
      `expected {"b64": …, "type": "${dtype}", "shape": […]} in place of the array`,
    );
  }
}

function severalTexts(): ParserFault {
  return new ParserFault('json array, string or bytes type only support one item');
}
