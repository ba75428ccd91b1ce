/** Method signatures as the link carries them. */
import { dataTypeFromWire, dataTypeToWire } from '../tensor/data-type.js';
import type * as link from '../gen/serving/link/v1/link.js';
import type { MethodSignature, Port } from '../identity/method-signature.js';

export function methodToWire(method: MethodSignature): link.Method {
  const { name, inputs, outputs, modelBatchSize, idempotent } = method;
  return {
    name,
    inputs: inputs.map(portToWire),
    outputs: outputs.map(portToWire),
    modelBatchSize,
    idempotent,
  };
}

export function methodFromWire(method: link.Method): MethodSignature {
  const { name, inputs, outputs, modelBatchSize, idempotent } = method;
  return {
    name,
    inputs: inputs.map(portFromWire),
    outputs: outputs.map(portFromWire),
    modelBatchSize,
    idempotent,
  };
}

function portToWire({ name, dtype, shape }: Port): link.Port {
  return {
    name,
    dtype: dtype === undefined ? undefined : dataTypeToWire(dtype),
    shape: shape === undefined ? undefined : { dimensions: shape.map(dimensionToWire) },
  };
}

function dimensionToWire(dimension: number | string): link.Dimension {
  return typeof dimension === 'number'
    ? { dimension: { $case: 'size', value: dimension } }
    : { dimension: { $case: 'symbol', value: dimension } };
}

function portFromWire({ name, dtype, shape }: link.Port): Port {
  const known = dtype === undefined ? undefined : dataTypeFromWire(dtype);
  return {
    name,
    ...(known === undefined ? {} : { dtype: known }),
    ...(shape === undefined
      ? {}
      : { shape: shape.dimensions.map(({ dimension }) => dimension?.value ?? '?') }),
  };
}
