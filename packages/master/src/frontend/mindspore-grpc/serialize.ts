/** Outcomes → MindSpore Serving's PredictReply, with its rules for the list of errors. */
import {
  contiguousBytes,
  dataTypeToWire,
  mindspore,
  type BlockRange,
  type Column,
  type ServingError,
} from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';

const encoder = new TextEncoder();
const noError: mindspore.ErrorMsg = { errorCode: 0n, errorMsg: new Uint8Array(0) };
const noItems: mindspore.Instance = { items: new Map(), outputBuffers: new Map() };

/** The reply to a request that failed as a whole: one error, no instances. */
export function writeFailure(wireSpec: mindspore.ServableSpec | undefined, error: ServingError): Uint8Array {
  return mindspore.PredictReply.encode({
    servableSpec: wireSpec,
    instances: [],
    errorMsg: [errorMessage(error)],
  }).finish();
}

/**
 * The reply to a request whose instances have these outcomes, in order. No error list when all succeeded; one error
 * and no instances when all failed alike; else one entry per instance, code 0 for those that succeeded.
 */
export function writeReply(
  wireSpec: mindspore.ServableSpec | undefined,
  outcomes: readonly CollectedOutcome[],
): Uint8Array {
  const alike = commonFailure(outcomes);
  if (alike !== undefined) return writeFailure(wireSpec, alike);
  const anyFailed = outcomes.some(({ outcome }) => !outcome.ok);
  const instances: mindspore.Instance[] = [];
  const errorMsg: mindspore.ErrorMsg[] = [];
  for (const { count, outcome } of outcomes) {
    if (outcome.ok) appendInstances(instances, outcome.outputs);
    else for (let i = 0; i < count; i++) instances.push(noItems);
    if (!anyFailed) continue;
    const message = outcome.ok ? noError : errorMessage(outcome.error);
    for (let i = 0; i < count; i++) errorMsg.push(message);
  }
  return mindspore.PredictReply.encode({ servableSpec: wireSpec, instances, errorMsg }).finish();
}

function commonFailure(outcomes: readonly CollectedOutcome[]): ServingError | undefined {
  let common: ServingError | undefined;
  for (const { outcome } of outcomes) {
    if (outcome.ok) return undefined;
    common ??= outcome.error;
    if (outcome.error.mindsporeCode !== common.mindsporeCode || outcome.error.message !== common.message)
      return undefined;
  }
  return common;
}

function errorMessage(error: ServingError): mindspore.ErrorMsg {
  return { errorCode: BigInt(error.mindsporeCode), errorMsg: encoder.encode(error.message) };
}

function appendInstances(instances: mindspore.Instance[], { block, from, to }: BlockRange): void {
  const writers = block.columns.map((column) => ({ name: column.name, write: tensorWriter(column) }));
  for (let i = from; i < to; i++) {
    const items = new Map<string, mindspore.Tensor>();
    for (const { name, write } of writers) items.set(name, write(i));
    instances.push({ items, outputBuffers: noItems.outputBuffers });
  }
}

/** Writes one instance of a column; what all instances share is made once. */
function tensorWriter(column: Column): (instance: number) => mindspore.Tensor {
  const dtype: mindspore.DataType = dataTypeToWire(column.dtype);
  if (column.kind === 'bytes') {
    const { elements, elementsPerInstance: each } = column;
    const shape = { dims: each === 1 ? [] : column.shape.map(BigInt) };
    return (instance) => {
      const bytesVal = elements.slice(instance * each, (instance + 1) * each);
      return { shape, dtype, tensorData: undefined, bytesVal };
    };
  }
  const shape = { dims: column.shape.map(BigInt) };
  return (instance) => {
    const value = contiguousBytes(column, instance, instance + 1);
    return { shape, dtype, tensorData: { $case: 'data', value }, bytesVal: [] };
  };
}
