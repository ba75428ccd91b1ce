/** Instances that a method takes: zeros, as far as its inputs' dtypes and shapes are known, or the content of files. */
import {
  Block,
  bytesColumn,
  elementCount,
  elementWidth,
  formatShape,
  isNumericType,
  numericColumn,
  ServingError,
  type Column,
  type MethodSignature,
  type Port,
} from '@serving/common';

export interface Samples {
  /** Sizes of symbolic dimensions, by their names. */
  readonly sizes: ReadonlyMap<string, number>;
  /** What an input is in every instance, by its name: one text or byte string, or elements in C order, little-endian. */
  readonly contents: ReadonlyMap<string, Uint8Array>;
}

/** Symbolic dimensions of the method's inputs; a padded one is the largest size it is padded to, and is left out. */
export function symbolicDimensions({ inputs }: MethodSignature): Set<string> {
  const names = inputs.flatMap(({ shape, padding }) =>
    (shape ?? []).filter((dimension, axis) => typeof dimension === 'string' && axis !== padding?.dimension),
  );
  return new Set(names as string[]);
}

/** @throws ServingError CONFIG_INVALID when an input is open and has no content, or has one that does not fit */
export function sampleBlock(method: MethodSignature, count: number, samples: Samples): Block {
  return new Block(
    count,
    method.inputs.map((port) => sampleColumn(method, port, count, samples)),
  );
}

function sampleColumn(method: MethodSignature, port: Port, count: number, samples: Samples): Column {
  const { name } = port;
  const content = samples.contents.get(name);
  const dtype = port.dtype ?? (content === undefined ? undefined : 'bytes');
  // An open shape of text or bytes is that of a single one, as clients send it.
  const shape =
    port.shape ?? (content === undefined || dtype === undefined || isNumericType(dtype) ? undefined : []);
  if (dtype === undefined || shape === undefined) throw openInput(method, name);
  const dimensions = shape.map((dimension, axis) => {
    if (typeof dimension === 'number') return dimension;
    return axis === port.padding?.dimension
      ? port.padding.sizes.at(-1)!
      : (samples.sizes.get(dimension) ?? 1);
  });
  const elements = elementCount(dimensions) ?? 0;
  const bytes = isNumericType(dtype) ? elements * elementWidth(dtype) : undefined;
  const problem = misfit(content, elements, bytes);
  if (problem !== undefined)
    throw new ServingError(
      'CONFIG_INVALID',
      `--input: ${name}: ${dtype} ${formatShape(dimensions)}: ${problem}`,
    );
  if (!isNumericType(dtype))
    return bytesColumn(name, dtype, dimensions, Array<Uint8Array>(elements * count).fill(content ?? noBytes));
  const instance = content ?? new Uint8Array(bytes!);
  return numericColumn(name, dtype, dimensions, Array<Uint8Array>(count).fill(instance));
}

const noBytes = new Uint8Array(0);

function misfit(
  content: Uint8Array | undefined,
  elements: number,
  bytes: number | undefined,
): string | undefined {
  if (content === undefined) return undefined;
  if (bytes === undefined) return elements === 1 ? undefined : 'expected an input of one text or byte string';
  if (content.byteLength === bytes) return undefined;
  return `expected a file of ${bytes} bytes, the elements of one instance, given ${content.byteLength}`;
}

function openInput({ name: method }: MethodSignature, name: string): ServingError {
  return new ServingError(
    'CONFIG_INVALID',
    `method ${method}: expected a dtype and a shape of input ${name}, to make inputs of zeros from; given neither by a model nor in servable_config: inputs: { ${name}: { dtype: 'float32', shape: [2, 'n'] } } in registerMethod declares them, and --input ${name}=<file> gives it bytes`,
  );
}
