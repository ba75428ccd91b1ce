/** Inputs of a request in JSON, with their elements there or behind the JSON. */
import { bufferBytes, viewBytes } from '../retained-bytes.js';
import type { JsonCursor } from '../../json/json-cursor.js';
import type { JsonTensor } from '../../json/json-tensor.js';
import { noParameters, type InferInput, type Parameters } from '../inference/infer-request.js';
import { refuseSharedTensor, sharedMemoryRegion } from '../inference/shared-memory.js';
import type { BinaryTail } from './binary-tail.js';
import { bytesIn, readParameters } from './parameters.js';
import type { ReadBudget } from '../../json/read-budget.js';
import type { Slices } from '../../slices/slices.js';
import { badRequest, readingMember, required } from './reading.js';
import { contentsOf, readData } from './tensor-data.js';

const binarySize = 'binary_data_size';
/** As many as a tensor may have, and one, so that whoever reads the tensor sees that there are too many. */
const mostDimensions = 65;

/** What stands in the JSON of an input. */
interface Given {
  name?: string;
  datatype?: string;
  shape?: readonly number[];
  parameters?: Parameters;
  data?: JsonTensor;
}

export class InputReader {
  readonly #cursor: JsonCursor;
  readonly #budget: ReadBudget;
  readonly #tail: BinaryTail;
  readonly #model: string;
  #retainedBytes = 0;
  #takesTail = false;

  constructor(cursor: JsonCursor, budget: ReadBudget, tail: BinaryTail, model: string) {
    this.#cursor = cursor;
    this.#budget = budget;
    this.#tail = tail;
    this.#model = model;
  }

  /** Bytes that the contents read so far keep alive. @param body of which some may be views */
  retainedBytes(body: Uint8Array): number {
    return this.#retainedBytes + (this.#takesTail ? bufferBytes(body) : 0);
  }

  /** The next value, an input. @throws ServingError, JsonError */
  *read(): Slices<InferInput> {
    this.#budget.spendObjects(1);
    const given = yield* this.#members();
    const where = 'every input';
    const name = required('name', given.name, where);
    const datatype = required('datatype', given.datatype, where);
    const shape = required('shape', given.shape, where);
    const { parameters = noParameters, data } = given;
    checkOneContent(parameters, data);
    refuseSharedTensor(parameters, `input '${name}' for model '${this.#model}'`);
    const input = { name, datatype, shape, parameters };
    const contents = data === undefined ? this.#binary(input) : yield* this.#elements(data, input);
    return { ...input, contents };
  }

  *#members(): Slices<Given> {
    const cursor = this.#cursor;
    const given: Given = {};
    const members = cursor.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (cursor.isPauseDue()) yield;
      // Clients that write every member give those that they do not use as null.
      if (cursor.kind() === 'null') cursor.null();
      else if (key === 'name' || key === 'datatype') given[key] = yield* readingMember(key, cursor.string());
      else if (key === 'shape') given.shape = yield* readingMember(key, this.#shape());
      else if (key === 'parameters')
        given.parameters = yield* readingMember(key, readParameters(cursor, this.#budget));
      else if (key === 'data') given.data = yield* readingMember(key, readData(cursor, this.#budget));
      else yield* cursor.skip();
    }
    return given;
  }

  *#shape(): Slices<number[]> {
    const cursor = this.#cursor;
    const shape: number[] = [];
    cursor.enterArray();
    while (cursor.nextElement()) {
      if (cursor.isPauseDue()) yield;
      if (cursor.kind() !== 'number') throw cursor.error(`expected whole numbers, given ${cursor.kind()}`);
      const dimension = cursor.number();
      if (!cursor.isInteger || dimension < 0)
        throw cursor.error(`expected whole numbers from 0, given ${dimension}`);
      if (shape.length < mostDimensions) shape.push(dimension);
    }
    return shape;
  }

  #binary({ name, parameters }: Pick<InferInput, 'name' | 'parameters'>): Uint8Array {
    const contents = this.#tail.take(name, bytesIn(parameters, binarySize)!);
    this.#takesTail = true;
    this.#retainedBytes += viewBytes;
    return contents;
  }

  *#elements(
    data: JsonTensor,
    input: Pick<InferInput, 'name' | 'datatype' | 'shape'>,
  ): Slices<InferInput['contents']> {
    const contents = yield* contentsOf(data, input);
    this.#retainedBytes +=
      contents instanceof Uint8Array
        ? contents.byteLength
        : contents.reduce((sum, { byteLength }) => sum + byteLength + viewBytes, 0);
    return contents;
  }
}

function checkOneContent(parameters: Parameters, data: JsonTensor | undefined): void {
  const given = [
    ...(data === undefined ? [] : ["'data'"]),
    ...[binarySize, sharedMemoryRegion].filter((name) => parameters.has(name)).map((name) => `'${name}'`),
  ];
  if (given.length === 1) return;
  throw badRequest(
    `Input must set only one of the following fields: 'data', '${binarySize}' in 'parameters', '${sharedMemoryRegion}' in 'parameters'. But ${given.length === 0 ? 'no field is set' : `set ${given.join(' ')}`}`,
  );
}
