/** Body of a predict request → signature, form and tensors. */
import { Base64Error, decodeBase64 } from '../../json/base64.js';
import { JsonCursor } from '../../json/json-cursor.js';
import { JsonError } from '../../json/json-error.js';
import { withArticle } from '../../json/json-kind.js';
import { JsonTensorReader, type JsonTensor } from '../../json/json-tensor.js';
import { ReadBudget } from '../../json/read-budget.js';
import { JsonTensorError } from '../../json/tensor-error.js';
import { isSlices, type Slices } from '../../slices/slices.js';
import { bytesKey, firstInstance, isBytesObject } from './look-ahead.js';
import {
  badRequest,
  elementName,
  keyOf,
  type Form,
  type NamedTensors,
  type PredictBody,
} from './predict-body.js';

/** A tensor is some objects, even if it holds one number: those of instances with named inputs, which the column form spares. */
const objectsOfTensor = 5;

/** @throws ServingError BAD_REQUEST for what is no request of predict */
export function* decodePredict(body: Uint8Array): Slices<PredictBody> {
  if (body.length === 0) throw badRequest('JSON Parse error: The document is empty');
  try {
    return yield* new PredictReader(body).read();
  } catch (thrown) {
    if (thrown instanceof JsonError)
      throw badRequest(`JSON Parse error: ${thrown.detail} at offset: ${thrown.at}`);
    throw thrown;
  }
}

class PredictReader {
  readonly #body: Uint8Array;
  readonly #cursor: JsonCursor;
  readonly #budget = new ReadBudget(tooMuch);
  readonly #tensors: JsonTensorReader;
  #signature: string | undefined;
  #given: Pick<PredictBody, 'form' | 'inputs'> | undefined;

  constructor(body: Uint8Array) {
    this.#body = body;
    this.#cursor = new JsonCursor(body, { nonFinite: true });
    const rules = this.#budget.rules({ onObject: () => this.#bytes() });
    this.#tensors = new JsonTensorReader(this.#cursor, rules);
  }

  *read(): Slices<PredictBody> {
    const members = this.#cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (this.#cursor.isPauseDue()) yield;
      yield* this.#member(key);
    }
    this.#cursor.end();
    if (this.#given === undefined) throw badRequest("Missing 'inputs' or 'instances' key");
    return { signature: this.#signature, ...this.#given };
  }

  *#member(key: string): Slices<void> {
    switch (key) {
      case 'signature_name':
        this.#signature = yield* this.#signatureName();
        return;
      case keyOf.row:
        yield* this.#take('row', this.#instances());
        return;
      case keyOf.column:
        yield* this.#take('column', this.#columns());
        return;
      default:
        yield* this.#cursor.skip();
    }
  }

  *#signatureName(): Slices<string> {
    const kind = this.#cursor.kind();
    if (kind === 'string') return yield* this.#cursor.string();
    throw badRequest(`'signature_name' key must be a string value, given ${withArticle(kind)}`);
  }

  *#take(form: Form, read: Slices<PredictBody['inputs']>): Slices<void> {
    if (this.#given !== undefined)
      throw badRequest(
        "Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist, given both",
      );
    this.#given = { form, inputs: yield* read };
  }

  *#instances(): Slices<PredictBody['inputs']> {
    const kind = this.#cursor.kind();
    if (kind !== 'array')
      throw badRequest(`Excepting 'instances' to be an list/array, given ${withArticle(kind)}`);
    const first = yield* firstInstance(this.#rest());
    if (first === 'none') throw badRequest("No values in 'instances' array; expected at least one");
    return first === 'named'
      ? yield* this.#rows()
      : yield* this.#tensor("Failed to process 'instances' list.");
  }

  *#rows(): Slices<NamedTensors> {
    const rows = new Map<string, JsonTensor[]>();
    this.#cursor.enterArray();
    for (let index = 0; this.#cursor.nextElement(); index++) {
      if (this.#cursor.isPauseDue()) yield;
      yield* this.#row(index, rows);
    }
    return rows;
  }

  *#row(index: number, rows: Map<string, JsonTensor[]>): Slices<void> {
    const kind = this.#cursor.kind();
    if (kind !== 'object')
      throw badRequest(`Expecting object but got ${withArticle(kind)} at item ${index} of input list`);
    let names = 0;
    const members = this.#cursor.members();
    for (let name = members.next(); name !== undefined; name = members.next()) {
      if (index === 0) rows.set(name, []);
      const tensors = rows.get(name);
      if (tensors === undefined) throw otherKeys(index, rows, `the key '${name}'`);
      try {
        const tensor = this.#tensors.read();
        tensors.push(this.#charged(isSlices(tensor) ? yield* tensor : tensor));
      } catch (thrown) {
        throw refusal(thrown, elementName(index, name));
      }
      names++;
    }
    if (names === rows.size) return;
    const missing = [...rows.keys()].find((name) => rows.get(name)!.length === index);
    throw otherKeys(index, rows, `no key '${missing}'`);
  }

  *#columns(): Slices<PredictBody['inputs']> {
    if (this.#cursor.kind() !== 'object' || (yield* isBytesObject(this.#rest())))
      return yield* this.#tensor("Failed to process 'inputs'.");
    const columns = new Map<string, readonly JsonTensor[]>();
    const members = this.#cursor.members();
    for (let name = members.next(); name !== undefined; name = members.next()) {
      if (this.#cursor.isPauseDue()) yield;
      columns.set(name, [yield* this.#tensor(`Failed to process named input: ${name} in 'inputs' object.`)]);
    }
    return columns;
  }

  /** @param what begins the text of an error */
  *#tensor(what: string): Slices<JsonTensor> {
    try {
      const tensor = this.#tensors.read();
      return this.#charged(isSlices(tensor) ? yield* tensor : tensor);
    } catch (thrown) {
      throw refusal(thrown, what);
    }
  }

  #charged(tensor: JsonTensor): JsonTensor {
    this.#budget.spendObjects(objectsOfTensor);
    this.#budget.spend(tensor.leaves);
    return tensor;
  }

  /** The next value, an object, as bytes. */
  *#bytes(): Slices<Uint8Array> {
    const cursor = this.#cursor;
    const { at } = cursor;
    let bytes: Uint8Array | undefined;
    const members = cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (key !== bytesKey) throw notBytes(at, `the key ${JSON.stringify(key)}`);
      try {
        const text = cursor.text();
        bytes = yield* decodeBase64(isSlices(text) ? yield* text : text);
      } catch (thrown) {
        if (thrown instanceof Base64Error)
          throw badRequest(`Unable to base64 decode: ${thrown.message} at offset: ${at}`);
        throw thrown;
      }
    }
    if (bytes === undefined) throw notBytes(at, 'no key');
    return bytes;
  }

  /** What is still to be read, from the next value on, whose kind has been asked for. */
  #rest(): Uint8Array {
    return this.#body.subarray(this.#cursor.at);
  }
}

/** @param what begins the text */
function refusal(thrown: unknown, what: string): unknown {
  if (!(thrown instanceof JsonTensorError)) return thrown;
  if (thrown.fault.kind === 'too-many') return tooMuch();
  return badRequest(`${what} Error: ${thrown.detail} at offset: ${thrown.at}`);
}

function tooMuch() {
  return badRequest(
    'the request has more values than are taken: expected at most 32 Mi numbers, or a million strings, or 200,000 values of named inputs of instances, given more',
  );
}

function notBytes(at: number, given: string) {
  return badRequest(
    `expected a value, a list or {"b64": "<base64>"}, given an object with ${given} at offset: ${at}`,
  );
}

function otherKeys(index: number, rows: NamedTensors, given: string) {
  return badRequest(
    `${elementName(index)} JSON object: keys must be equal to: ${[...rows.keys()].join(',')}, as those of the first; given ${given}`,
  );
}
