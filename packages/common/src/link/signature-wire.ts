/** Method signatures as the link carries them. */
import { dataTypeFromWire, dataTypeToWire } from '../tensor/data-type.js';
import type * as link from '../gen/serving/link/v1/link.js';
import type { Batching } from '../identity/batching.js';
import type { MethodSignature, Port } from '../identity/method-signature.js';

export function methodToWire(method: MethodSignature): link.Method {
  const { name, inputs, outputs, modelBatchSize, idempotent, batching, batched, isDefault, streaming } =
    method;
  return {
    name,
    inputs: inputs.map(portToWire),
    outputs: outputs.map(portToWire),
    modelBatchSize,
    batched: batched === true,
    isDefault: isDefault === true,
    streaming: streaming === true,
    idempotent,
    batching: batching === undefined ? undefined : batchingToWire(batching),
  };
}

export function methodFromWire(method: link.Method): MethodSignature {
  const { name, inputs, outputs, modelBatchSize, idempotent, batching, batched, isDefault, streaming } =
    method;
  return {
    name,
    inputs: inputs.map(portFromWire),
    outputs: outputs.map(portFromWire),
    modelBatchSize,
    ...(batched ? { batched } : {}),
    ...(isDefault ? { isDefault } : {}),
    ...(streaming ? { streaming } : {}),
    idempotent,
    ...(batching === undefined ? {} : { batching: batchingFromWire(batching) }),
  };
}

function batchingToWire({ preferredBatchSizes = [], ...rest }: Batching): link.Batching {
  return { ...rest, preferredBatchSizes: [...preferredBatchSizes] };
}

function batchingFromWire({ preferredBatchSizes, ...rest }: link.Batching): Batching {
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return preferredBatchSizes.length === 0 ? given : { ...given, preferredBatchSizes };
}

function portToWire({ name, dtype, shape, padding, isDeclared = false }: Port): link.Port {
  return {
    name,
    dtype: dtype === undefined ? undefined : dataTypeToWire(dtype),
    shape: shape === undefined ? undefined : { dimensions: shape.map(dimensionToWire) },
    padding: padding === undefined ? undefined : { ...padding, sizes: [...padding.sizes] },
    declared: isDeclared,
  };
}

function dimensionToWire(dimension: number | string): link.Dimension {
  return typeof dimension === 'number'
    ? { dimension: { $case: 'size', value: dimension } }
    : { dimension: { $case: 'symbol', value: dimension } };
}

function portFromWire({ name, dtype, shape, padding, declared }: link.Port): Port {
  const known = dtype === undefined ? undefined : dataTypeFromWire(dtype);
  return {
    name,
    ...(known === undefined ? {} : { dtype: known }),
    ...(shape === undefined
      ? {}
      : { shape: shape.dimensions.map(({ dimension }) => dimension?.value ?? '?') }),
    ...(padding === undefined ? {} : { padding }),
    ...(declared ? { isDeclared: true } : {}),
  };
}
