/** Instances of zeros that a method takes, as far as its inputs' dtypes and shapes are known. */
import {
  Block,
  bytesColumn,
  elementCount,
  elementWidth,
  isNumericType,
  numericColumn,
  ServingError,
  type Column,
  type MethodSignature,
  type Port,
} from '@serving/common';

/** Sizes of symbolic dimensions, by their names. */
export type DimensionSizes = ReadonlyMap<string, number>;

/** Symbolic dimensions of the method's inputs; a padded one is the largest size it is padded to, and is left out. */
export function symbolicDimensions({ inputs }: MethodSignature): Set<string> {
  const names = inputs.flatMap(({ shape, padding }) =>
    (shape ?? []).filter((dimension, axis) => typeof dimension === 'string' && axis !== padding?.dimension),
  );
  return new Set(names as string[]);
}

/** @throws ServingError CONFIG_INVALID when an input is open */
export function zeroBlock(method: MethodSignature, count: number, sizes: DimensionSizes): Block {
  return new Block(
    count,
    method.inputs.map((port) => zeroColumn(method, port, count, sizes)),
  );
}

function zeroColumn(
  method: MethodSignature,
  { name, dtype, shape, padding }: Port,
  count: number,
  sizes: DimensionSizes,
): Column {
  if (dtype === undefined || shape === undefined)
    throw new ServingError(
      'CONFIG_INVALID',
      `method ${method.name}: expected a dtype and a shape of input ${name}, to make inputs of zeros from; given neither by a model nor in servable_config: inputs: { ${name}: { dtype: 'float32', shape: [2, 'n'] } } in registerMethod declares them`,
    );
  const dimensions = shape.map((dimension, axis) => {
    if (typeof dimension === 'number') return dimension;
    return axis === padding?.dimension ? padding.sizes.at(-1)! : (sizes.get(dimension) ?? 1);
  });
  const elements = (elementCount(dimensions) ?? 0) * count;
  if (isNumericType(dtype))
    return numericColumn(name, dtype, dimensions, [new Uint8Array(elements * elementWidth(dtype))]);
  const none = new Uint8Array(0);
  return bytesColumn(
    name,
    dtype,
    dimensions,
    Array.from({ length: elements }, () => none),
  );
}
