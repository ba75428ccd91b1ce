/** Ranges of blocks of every kind, for property tests, and what their instances are, read in the plainest way. */
import fc from 'fast-check';
import { Block, type BlockRange } from '../../src/block/block.js';
import { bytesColumn, numericColumn, type Column } from '../../src/block/column.js';
import { dataTypes, elementWidth, isNumericType, type DataType } from '../../src/tensor/data-type.js';

interface ColumnPlan {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
}

export interface GeneratedRange extends BlockRange {
  /** Equal for ranges whose instances may share a section. */
  readonly layout: string;
}

const names = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('x1', 'x2', 'image') },
  fc.constantFrom(
    '',
    '__proto__',
    'constructor',
    'toString',
    'größe',
    '名前',
    '🙂',
    '\u{feff}x',
    'a\0b',
    'n'.repeat(300),
  ),
  fc.string({ unit: 'grapheme', maxLength: 8 }),
);

const shapes = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 });

const plans: fc.Arbitrary<readonly ColumnPlan[]> = fc.uniqueArray(
  fc.record({ name: names, dtype: fc.constantFrom(...dataTypes), shape: shapes }),
  { maxLength: 4, selector: (plan) => plan.name },
);

function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, dimension) => product * dimension, 1);
}

/** `bytes` in a buffer of its own at an arbitrary offset, as in a message someone else laid out. */
function displaced(bytes: Uint8Array, offset: number): Uint8Array {
  const copy = new Uint8Array(offset + bytes.byteLength + 1).fill(0xee);
  copy.set(bytes, offset);
  return copy.subarray(offset, offset + bytes.byteLength);
}

function numericSegments(
  bytes: Uint8Array,
  instanceBytes: number,
  cuts: readonly number[],
  offsets: readonly number[],
) {
  const count = instanceBytes === 0 ? 0 : bytes.byteLength / instanceBytes;
  const bounds = [0, ...cuts.map((cut) => cut % (count + 1)).toSorted((a, b) => a - b), count];
  return bounds
    .slice(1)
    .map((end, i) =>
      displaced(
        bytes.subarray(bounds[i]! * instanceBytes, end * instanceBytes),
        offsets[i % offsets.length]!,
      ),
    );
}

function columnOf({ name, dtype, shape }: ColumnPlan, count: number): fc.Arbitrary<Column> {
  const elements = sizeOf(shape) * count;
  if (!isNumericType(dtype)) {
    return fc
      .array(fc.uint8Array({ maxLength: 12 }), { minLength: elements, maxLength: elements })
      .map((values) => bytesColumn(name, dtype, shape, values));
  }
  const length = elements * elementWidth(dtype);
  const instanceBytes = sizeOf(shape) * elementWidth(dtype);
  const everyInstance = fc.constant(Array.from({ length: count }, (_, i) => i));
  return fc
    .record({
      bytes: fc.uint8Array({ minLength: length, maxLength: length }),
      cuts: fc.oneof(fc.array(fc.nat(), { maxLength: 4 }), everyInstance),
      offsets: fc.array(fc.integer({ min: 0, max: 15 }), { minLength: 1, maxLength: 5 }),
    })
    .map(({ bytes, cuts, offsets }) =>
      numericColumn(name, dtype, shape, numericSegments(bytes, instanceBytes, cuts, offsets)),
    );
}

function rangeOf(columns: readonly ColumnPlan[]): fc.Arbitrary<GeneratedRange> {
  return fc.integer({ min: 0, max: 4 }).chain((count) =>
    fc
      .record({
        built: fc.tuple(...columns.map((plan) => columnOf(plan, count))),
        bounds: fc.tuple(fc.integer({ min: 0, max: count }), fc.integer({ min: 0, max: count })),
      })
      .map(({ built, bounds: [a, b] }) => ({
        block: new Block(count, built),
        from: Math.min(a, b),
        to: Math.max(a, b),
        layout: JSON.stringify(columns.map(({ name, dtype, shape }) => [name, dtype, shape])),
      })),
  );
}

/** Up to six ranges over one to three layouts, so that neighbours often have the same one. */
export const blockRanges: fc.Arbitrary<readonly GeneratedRange[]> = fc
  .array(plans, { minLength: 1, maxLength: 3 })
  .chain((layouts) => fc.array(fc.constantFrom(...layouts).chain(rangeOf), { maxLength: 6 }));

export const blockRange: fc.Arbitrary<GeneratedRange> = plans.chain(rangeOf);

/** The instances of a range, each a list of [name, dtype, shape, values in hexadecimal]. */
export function instancesOf({ block, from, to }: BlockRange): unknown[] {
  const whole = block.columns.map((column) => ({
    column,
    values: column.kind === 'bytes' ? column.elements : [Buffer.concat(column.segments)],
  }));
  return Array.from({ length: to - from }, (_, i) =>
    whole.map(({ column, values }) => {
      const instance = from + i;
      const own =
        column.kind === 'bytes'
          ? values.slice(instance * column.elementsPerInstance, (instance + 1) * column.elementsPerInstance)
          : [values[0]!.subarray(instance * column.instanceBytes, (instance + 1) * column.instanceBytes)];
      return [
        column.name,
        column.dtype,
        [...column.shape],
        own.map((value) => Buffer.from(value).toString('hex')),
      ];
    }),
  );
}
