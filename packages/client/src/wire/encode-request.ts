/** Instances as a `PredictRequest` message. */
import { types } from 'node:util';
import { asBytes, dataTypeToWire, firstLine, mindspore, ServingError, Tensor } from '@serving/common';
import { InferError } from '../infer-error.js';
import { describeGiven } from '../values/describe-given.js';
import { toValue, type Instance, type SentValue } from '../values/input-value.js';

export interface RequestTarget {
  readonly servable: string;
  readonly method: string;
  /** 0 for the default one. */
  readonly version: bigint;
}

const utf8 = new TextEncoder();

/** @throws InferError INVALID_INPUTS naming the instance and the input */
export function encodeRequest(target: RequestTarget, instances: readonly Instance[]): Uint8Array {
  return mindspore.PredictRequest.encode({
    servableSpec: { name: target.servable, methodName: target.method, versionNumber: target.version },
    instances: Array.from(instances, encodeInstance),
    legacyInstances: [],
  }).finish();
}

function encodeInstance(instance: Instance, index: number): mindspore.Instance {
  const items = new Map<string, mindspore.Tensor>();
  for (const [name, input] of inputsOf(instance, index)) items.set(name, encodeInput(input, name, index));
  return { items, outputBuffers: new Map() };
}

function inputsOf(instance: unknown, index: number): Iterable<[string, unknown]> {
  if (types.isMap(instance)) {
    for (const name of instance.keys())
      if (typeof name !== 'string')
        throw invalid(`instance ${index}: expected names as keys, given ${describeGiven(name)}`);
    return instance as Map<string, unknown>;
  }
  if (isPlainObject(instance)) return Object.entries(instance);
  const expected = 'an object or Map of inputs by name';
  throw invalid(`instance ${index}: expected ${expected}, given ${describeGiven(instance)}`);
}

/** Anything else, a promise that was not awaited say, would look like an instance without inputs. */
function isPlainObject(value: unknown): value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function encodeInput(input: unknown, name: string, index: number): mindspore.Tensor {
  try {
    return encodeValue(toValue(input));
  } catch (thrown) {
    if (!(thrown instanceof ServingError)) throw thrown;
    throw invalid(`instance ${index}, input '${name}': ${firstLine(thrown)}`, thrown);
  }
}

function encodeValue(value: SentValue): mindspore.Tensor {
  if (!(value instanceof Tensor)) {
    const isText = typeof value === 'string';
    return {
      // `[1]` as the Python client sends; servers take `[]` and `[1]` alike.
      shape: { dims: [1n] },
      dtype: isText ? mindspore.DataType.MS_STRING : mindspore.DataType.MS_BYTES,
      tensorData: undefined,
      bytesVal: [isText ? utf8.encode(value) : value],
    };
  }
  return {
    shape: { dims: value.shape.map(BigInt) },
    dtype: dataTypeToWire(value.dtype),
    tensorData: { $case: 'data', value: asBytes(value.data) },
    bytesVal: [],
  };
}

function invalid(message: string, cause?: unknown): InferError {
  return new InferError('INVALID_INPUTS', message, { cause });
}
