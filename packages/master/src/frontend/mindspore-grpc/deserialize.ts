/** MindSpore Serving's PredictRequest → spec and raw instances; then instances → blocks of what the method takes. */
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire';
import {
  Block,
  bytesColumn,
  mindspore,
  numericColumn,
  sameShape,
  ServingError,
  type Column,
  type MethodSignature,
} from '@serving/common';
import type { CallPart } from '../../call/predict-call.js';
import type { RequestedSpec } from '../../routing/router.js';
import type { RefusedInstance } from '../predict-endpoint.js';
import { measure } from './measure.js';
import { checkTensor, type CheckedTensor } from './validate.js';

/** Field number of the spec in a PredictRequest. */
const specField = 1;
/** Characters of the names that an error lists. */
const maxNamesLength = 1000;

export interface MindsporeRequest {
  readonly spec: RequestedSpec;
  /** As it came, for the reply to echo. */
  readonly wireSpec: mindspore.ServableSpec | undefined;
  readonly instances: readonly mindspore.Instance[];
  /** Why the instances were not even decoded: the message holds more than it may. */
  readonly refusal?: ServingError;
}

/** @throws ServingError BAD_REQUEST when the bytes are no PredictRequest */
export function readRequest(message: Uint8Array, maxInstances: number): MindsporeRequest {
  const refusal = measure(message, maxInstances);
  return explained(message, () =>
    refusal === undefined ? decodeRequest(message) : { ...decodeSpec(message), instances: [], refusal },
  );
}

function decodeRequest(message: Uint8Array): MindsporeRequest {
  const request = mindspore.PredictRequest.decode(message);
  // Releases 1.1 and 1.2 carry the instances in field 3, later ones in field 2.
  const instances = request.instances.length > 0 ? request.instances : request.legacyInstances;
  return { ...specOf(request.servableSpec), instances };
}

/** Decodes field 1 alone. */
function decodeSpec(message: Uint8Array): Pick<MindsporeRequest, 'spec' | 'wireSpec'> {
  const reader = new BinaryReader(message);
  let wireSpec: mindspore.ServableSpec | undefined;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === specField && wireType === WireType.LengthDelimited)
      wireSpec = mindspore.ServableSpec.decode(reader.bytes());
    else reader.skip(wireType);
  }
  return specOf(wireSpec);
}

function specOf(wireSpec: mindspore.ServableSpec | undefined): Pick<MindsporeRequest, 'spec' | 'wireSpec'> {
  const { name = '', methodName = '', versionNumber = 0n } = wireSpec ?? {};
  return { spec: { servable: name, method: methodName, version: versionNumber }, wireSpec };
}

function explained<T>(message: Uint8Array, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw new ServingError(
      'BAD_REQUEST',
      `expected a mindspore.serving.proto.PredictRequest, given ${message.length} bytes that are none: ${detail}`,
    );
  }
}

export interface ReadInstances {
  readonly parts: readonly CallPart[];
  readonly refused: readonly RefusedInstance[];
}

/**
 * Puts neighbours with the same dtypes and shapes into blocks, as views into the message. An instance with a missing
 * or malformed input is refused by itself; items that are no inputs of the method are ignored.
 */
export function readInstances(
  instances: readonly mindspore.Instance[],
  servable: string,
  method: MethodSignature,
): ReadInstances {
  const parts: CallPart[] = [];
  const refused: RefusedInstance[] = [];
  let open: OpenBlock | undefined;
  for (const [index, instance] of instances.entries()) {
    try {
      const tensors = method.inputs.map(({ name }) => readInput(instance, name, servable, method));
      if (open === undefined || !open.tryAdd(index, tensors)) {
        if (open !== undefined) parts.push(open.close());
        open = new OpenBlock(index, tensors);
      }
    } catch (thrown) {
      refused.push({ index, error: ServingError.from(thrown) });
    }
  }
  if (open !== undefined) parts.push(open.close());
  return { parts, refused };
}

function readInput(
  instance: mindspore.Instance,
  name: string,
  servable: string,
  method: MethodSignature,
): CheckedTensor {
  const tensor = instance.items.get(name);
  if (tensor !== undefined) return checkTensor(name, tensor);
  const expected = method.inputs.map((port) => port.name).join(', ');
  const given = shownNames(instance.items.keys()) || 'none';
  throw new ServingError(
    'INPUT_MISMATCH',
    `Cannot find input ${name} in instance input , servable ${servable}, method ${method.name}; expected inputs: ${expected}, given: ${given}`,
  );
}

/** A hostile list is cut before it is printed: every instance has an error of its own. */
function shownNames(names: Iterable<string>): string {
  let text = '';
  for (const name of names) {
    if (text.length + name.length > maxNamesLength) return `${text === '' ? '' : `${text}, `}…`;
    text += text === '' ? name : `, ${name}`;
  }
  return text;
}

/** A block that grows while instances of its layout follow one another without a gap. */
class OpenBlock {
  readonly #first: number;
  readonly #rows: CheckedTensor[][];

  constructor(first: number, tensors: CheckedTensor[]) {
    this.#first = first;
    this.#rows = [tensors];
  }

  tryAdd(index: number, tensors: CheckedTensor[]): boolean {
    if (index !== this.#first + this.#rows.length) return false;
    if (!tensors.every((tensor, column) => sameKind(tensor, this.#rows[0]![column]!))) return false;
    this.#rows.push(tensors);
    return true;
  }

  close(): CallPart {
    const columns = this.#rows[0]!.map((tensor, index) => this.#column(tensor, index));
    return { first: this.#first, block: new Block(this.#rows.length, columns) };
  }

  #column({ name, dtype, shape }: CheckedTensor, index: number): Column {
    const pieces = this.#rows.map((row) => row[index]!.bytes);
    return dtype === 'string' || dtype === 'bytes'
      ? bytesColumn(name, dtype, shape, pieces)
      : numericColumn(name, dtype, shape, pieces);
  }
}

function sameKind(a: CheckedTensor, b: CheckedTensor): boolean {
  return a.dtype === b.dtype && sameShape(a.shape, b.shape);
}
