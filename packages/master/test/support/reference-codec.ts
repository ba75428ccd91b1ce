/** The codec of MindSpore Serving's protocol in the obvious way, over the generated one: what ours has to agree with. */
import {
  dataTypeFromWire,
  dataTypeToWire,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  mindspore,
  type ServingError,
  type Column,
  type DataType,
} from '@serving/common';
import type { CollectedOutcome } from '../../src/call/reply-collector.js';

/** What a request asks for, and what becomes of each of its instances: `name:dtype[shape]=bytes`, or an error's text. */
export interface ReferenceRequest {
  readonly spec: mindspore.ServableSpec | undefined;
  readonly instances: readonly string[];
}

/** The error's text for bytes that are no request. */
export function referenceRequest(message: Uint8Array, inputs: readonly string[]): ReferenceRequest | string {
  try {
    const request = mindspore.PredictRequest.decode(message);
    const instances = request.instances.length > 0 ? request.instances : request.legacyInstances;
    return {
      spec: request.servableSpec,
      instances: instances.map((instance) => instanceOutcome(instance, inputs)),
    };
  } catch (thrown) {
    return `expected a mindspore.serving.proto.PredictRequest, given ${message.length} bytes that are none: ${(thrown as Error).message}`;
  }
}

function instanceOutcome({ items }: mindspore.Instance, inputs: readonly string[]): string {
  const texts: string[] = [];
  for (const name of inputs) {
    const tensor = items.get(name);
    if (tensor === undefined)
      return `Cannot find input ${name} in instance input , servable add, method predict; expected inputs: ${inputs.join(', ')}, given: ${shownNames(items.keys())}`;
    const dtype = dataTypeFromWire(tensor.dtype);
    const problem = dtype === undefined ? badType(tensor) : problemOf(tensor, dtype);
    if (problem !== undefined) return `Instances input ${name} check failed, detail: ${problem}`;
    const bytes = tensor.tensorData?.$case === 'data' ? tensor.tensorData.value : new Uint8Array(0);
    texts.push(
      isNumericType(dtype!)
        ? `${name}:${dtype}[${dimsOf(tensor).join(',')}]=${Buffer.from(bytes).toString('hex')}`
        : `${name}:${dtype}[]=${Buffer.from(tensor.bytesVal[0]!).toString('hex')}`,
    );
  }
  return texts.join(' ');
}

/** An empty name that comes first does not show. */
function shownNames(names: Iterable<string>): string {
  let text = '';
  for (const name of names) text += text === '' ? name : `, ${name}`;
  return text || 'none';
}

function dimsOf({ shape }: mindspore.Tensor): readonly bigint[] {
  return shape?.dims ?? [];
}

function badType({ dtype }: mindspore.Tensor): string {
  return `Tensor check failed: input data type ${dtype} invalid; expected MS_BOOL (1) to MS_BYTES (14)`;
}

function problemOf(tensor: mindspore.Tensor, dtype: DataType): string | undefined {
  if (tensor.tensorData?.$case === 'shmData')
    return 'Tensor check failed: shared memory named by a client is not accepted; expected the elements in data';
  const dims = dimsOf(tensor);
  const shown = formatShape(dims.map(String));
  if (!isNumericType(dtype)) {
    const given = tensor.bytesVal.length;
    if (given !== 1)
      return `Instance tensor check failed: bytes or string type shape batch size can only be 1; expected one entry in bytes_val, given ${given}`;
    if (dims.length === 0 || (dims.length === 1 && dims[0] === 1n)) return undefined;
    return `Instance tensor check failed: bytes or string type input  shape can only be (1,) or empty, but given shape is ${shown}`;
  }
  if (dims.some((dimension) => !Number.isSafeInteger(Number(dimension))))
    return `Tensor check failed: input  shape ${shown} invalid; expected dimensions below 2^32`;
  const count = elementCount(dims.map(Number));
  if (count === undefined || dims.slice(0, -1).includes(0n))
    return `Tensor check failed: input  shape ${shown} invalid; expected dimensions from 0, a 0 only at the end, and at most 2^32-1 elements`;
  const expected = count * elementWidth(dtype);
  const given = tensor.tensorData?.value.length ?? 0;
  if (given === expected) return undefined;
  return `Tensor check failed: input data size ${given} invalid; expected ${expected} bytes for ${dtype} ${shown}, given ${given}`;
}

export function referenceReply(
  servableSpec: mindspore.ServableSpec | undefined,
  outcomes: readonly CollectedOutcome[],
): Uint8Array {
  const each = outcomes.flatMap(({ count, outcome }) =>
    Array.from({ length: count }, (_, i) => ({ outcome, index: i })),
  );
  const errors = each.map(({ outcome }) => (outcome.ok ? undefined : outcome.error));
  const texts = new Set(errors.map((error) => `${error?.mindsporeCode} ${error?.message}`));
  const [first] = errors;
  if (first !== undefined && texts.size === 1)
    return mindspore.PredictReply.encode({
      servableSpec,
      instances: [],
      errorMsg: [errorMsg(first)],
    }).finish();
  const instances = each.map(({ outcome, index }) => {
    const { block, from } = outcome.ok ? outcome.outputs : { block: { columns: [] }, from: 0 };
    const items = new Map(block.columns.map((column) => [column.name, tensorOf(column, from + index)]));
    return { items, outputBuffers: new Map() };
  });
  const anyFailed = errors.some((error) => error !== undefined);
  return mindspore.PredictReply.encode({
    servableSpec,
    instances,
    errorMsg: anyFailed ? errors.map(errorMsg) : [],
  }).finish();
}

function errorMsg(error: ServingError | undefined): mindspore.ErrorMsg {
  return {
    errorCode: BigInt(error?.mindsporeCode ?? 0),
    errorMsg: new TextEncoder().encode(error?.message ?? ''),
  };
}

function tensorOf(column: Column, instance: number): mindspore.Tensor {
  const dtype: mindspore.DataType = dataTypeToWire(column.dtype);
  const shape = { dims: column.shape.map(BigInt) };
  if (column.kind === 'bytes') {
    const { elements, elementsPerInstance: each } = column;
    const bytesVal = elements.slice(instance * each, (instance + 1) * each);
    return { shape: each === 1 ? { dims: [] } : shape, dtype, tensorData: undefined, bytesVal };
  }
  const all = Buffer.concat(column.segments);
  const value = all.subarray(instance * column.instanceBytes, (instance + 1) * column.instanceBytes);
  return { shape, dtype, tensorData: { $case: 'data', value }, bytesVal: [] };
}
