/** Whether two replicas take and give the same, and what to say when they do not. */
import { isDeepStrictEqual } from 'node:util';
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { Replica } from './replica.js';

/** In any order: methods are called by name. */
export function sameMethods(a: readonly MethodSignature[], b: readonly MethodSignature[]): boolean {
  return a.length === b.length && disagreeing(a, b).length === 0;
}

/** Whether methods that are the same ask for the same batches, too. */
export function sameBatching(a: readonly MethodSignature[], b: readonly MethodSignature[]): boolean {
  return a.every((method) => {
    const other = b.find(({ name }) => name === method.name);
    return isDeepStrictEqual(method.batching ?? {}, other?.batching ?? {});
  });
}

/** @throws ServingError SIGNATURE_CONFLICT showing the methods in which the new replica differs from the live one */
export function checkAgreement(live: Replica, given: Replica): void {
  if (sameMethods(live.methods, given.methods)) return;
  throw new ServingError(
    'SIGNATURE_CONFLICT',
    `replica ${given.id}: servable(${given.servable}) version(${given.version}) differs from that of the live replica ${live.id}: ` +
      `expected ${list(disagreeing(live.methods, given.methods))}, given ${list(disagreeing(given.methods, live.methods))}; give it a new version number, or stop the live replica first`,
  );
}

/** Those of `methods` that `others` does not have in the same form, as text. */
function disagreeing(methods: readonly MethodSignature[], others: readonly MethodSignature[]): string[] {
  const known = new Set(others.map(describeMethod));
  return methods.map(describeMethod).filter((text) => !known.has(text));
}

function list(texts: readonly string[]): string {
  return texts.length === 0 ? 'no further method' : texts.join(' and ');
}

/** For instance `predict(x: float32[2,2]) → (y), not idempotent`: all that two signatures can differ in. */
export function describeMethod({
  name,
  inputs,
  outputs,
  modelBatchSize,
  idempotent,
  batched,
  isDefault,
  streaming,
}: MethodSignature): string {
  const size = modelBatchSize === 0 ? '' : `, ${modelBatchSize} at a time`;
  const several = batched === true ? ', several at a time' : '';
  const byDefault = isDefault === true ? ', by default' : '';
  const many = streaming === true ? ', streaming' : '';
  const once = idempotent ? '' : ', not idempotent';
  return `${name}(${inputs.map(describePort).join(', ')}) → (${outputs.map(describePort).join(', ')})${size}${several}${byDefault}${many}${once}`;
}

function describePort({ name, dtype, shape, padding }: Port): string {
  const type =
    dtype === undefined && shape === undefined
      ? ''
      : `: ${dtype ?? 'any'}${shape === undefined ? '' : `[${shape.join(',')}]`}`;
  if (padding === undefined) return `${name}${type}`;
  return `${name}${type} padded in dimension ${padding.dimension} to ${padding.sizes.join(' or ')}`;
}
