/** A function stage: the author's function, called once per instance. What it does wrong fails that instance only. */
import {
  allocate,
  asBytes,
  firstLine,
  ServingError,
  Tensor,
  typedArrayConstructor,
  type NumericType,
  type TypedArray,
  type Value,
} from '@serving/common';
import type { FunctionStageDefinition } from '../servables/definition.js';
import { SlotValues, type BatchValues } from './batch-values.js';
import type { StageContext } from './stage-context.js';

export async function runFunctionStage(
  stage: FunctionStageDefinition,
  values: BatchValues,
  context: StageContext,
): Promise<void> {
  const inputs = stage.inputs.map((slot) => values.slot(slot));
  const outputs = stage.outputs.map((): (Value | undefined)[] => Array.from({ length: values.count }));
  for (const instance of values.alive()) {
    if (context.isCancelled()) break;
    try {
      const returned = stage.run(...inputs.map((input) => input.row(instance)));
      const settled: unknown = isThenable(returned) ? await returned : returned;
      for (const [index, value] of asOutputs(settled, outputs.length).entries())
        outputs[index]![instance] = value;
    } catch (thrown) {
      values.fail(instance, stageFailed(stage, context, thrown));
    }
    context.progress();
  }
  for (const [index, slot] of stage.outputs.entries()) values.set(slot, SlotValues.ofRows(outputs[index]!));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** The text of MindSpore Serving 1.5 and later; the exception's first line reaches the caller. */
function stageFailed(stage: FunctionStageDefinition, context: StageContext, thrown: unknown): ServingError {
  const message = `Call Function '${context.servable}.${stage.name}' Failed, method: '${context.method}', stage index(begin with 1): ${context.stageIndex + 1}, error msg: ${firstLine(thrown)}`;
  return new ServingError('STAGE_FAILED', message, { cause: thrown });
}

function asOutputs(returned: unknown, count: number): Value[] {
  // A stage with one output may return it bare or as a list of one.
  const list = Array.isArray(returned) ? returned : [returned];
  if (list.length !== count)
    throw new Error(`expected ${count} output${count === 1 ? '' : 's'}, given ${list.length}`);
  return list.map(asValue);
}

const scalarTypes: Partial<Record<string, NumericType>> = {
  number: 'float32',
  bigint: 'int64',
  boolean: 'bool',
};

const arrayTypes: Readonly<Record<string, NumericType>> = {
  Int8Array: 'int8',
  Int16Array: 'int16',
  Uint16Array: 'uint16',
  Int32Array: 'int32',
  Uint32Array: 'uint32',
  BigInt64Array: 'int64',
  BigUint64Array: 'uint64',
  Float32Array: 'float32',
  Float64Array: 'float64',
};

/**
 * number → float32, bigint → int64 and boolean → bool scalars; typed arrays → 1-D tensors; Uint8Array → bytes.
 * Arrays are copied: a function may fill the same one again for the next instance, or write to what it was given.
 */
function asValue(returned: unknown): Value {
  if (typeof returned === 'string') return returned;
  if (returned instanceof Tensor) return copyOf(returned.dtype, returned.shape, returned.data);
  if (returned instanceof Uint8Array) return new Uint8Array(returned);
  const scalar = scalarTypes[typeof returned];
  if (scalar !== undefined) return scalarTensor(scalar, returned as number | bigint | boolean);
  const dtype = ArrayBuffer.isView(returned) ? arrayTypes[returned.constructor.name] : undefined;
  if (dtype !== undefined) {
    const data = returned as TypedArray;
    return copyOf(dtype, [data.length], data);
  }
  throw new Error(
    `expected a Tensor, typed array, string, Uint8Array, number, bigint or boolean, given ${describe(returned)}`,
  );
}

function copyOf(dtype: NumericType, shape: readonly number[], data: TypedArray): Tensor {
  const copy = allocate(dtype, data.length);
  asBytes(copy).set(asBytes(data));
  return new Tensor(dtype, shape, copy);
}

function scalarTensor(dtype: NumericType, value: number | bigint | boolean): Tensor {
  const data = new (typedArrayConstructor(dtype))(1);
  data[0] = typeof value === 'boolean' ? Number(value) : value;
  return new Tensor(dtype, [], data);
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function';
  if (value === null || typeof value !== 'object') return String(value);
  return value.constructor?.name ?? 'an object';
}
