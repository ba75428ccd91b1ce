/** Tensors as people read them: nested brackets, floats in their shortest form, the middle of large ones left out. */
import { float16Bits, float16Value, type NumericType, type Tensor } from '@serving/common';

/** Tensors with more elements are shortened. */
const mostElements = 64;
/** How many entries of an axis are kept at each end. */
const edge = 3;

export function tensorText(tensor: Tensor): string {
  // The shape, which stands beside it, says how many empty rows there are.
  if (tensor.size === 0) return '[]';
  const isShortened = tensor.size > mostElements;
  return axisText(tensor, isShortened, 0, 0, tensor.size);
}

function axisText(tensor: Tensor, isShortened: boolean, axis: number, offset: number, size: number): string {
  if (axis === tensor.shape.length) return elementText(tensor.dtype, tensor.data[offset]!);
  const length = tensor.shape[axis]!;
  const stride = size / length;
  const parts: string[] = [];
  for (let i = 0; i < length; i++) {
    if (isShortened && i === edge && length > 2 * edge) {
      parts.push('...');
      i = length - edge;
    }
    parts.push(axisText(tensor, isShortened, axis + 1, offset + i * stride, stride));
  }
  return `[${parts.join(', ')}]`;
}

function elementText(dtype: NumericType, element: number | bigint): string {
  if (typeof element === 'bigint') return String(element);
  if (dtype === 'bool') return String(element !== 0);
  if (dtype === 'float32') return shortest(element, 6, 9, (value) => Math.fround(value) === element);
  if (dtype === 'float16')
    return shortest(float16Value(element), 3, 5, (value) => float16Bits(value) === element);
  return numberText(element);
}

/** The fewest digits that read back as the same value: 0.1 as float32 is 0.10000000149011612 as a double. */
function shortest(
  value: number,
  fewest: number,
  most: number,
  readsBack: (value: number) => boolean,
): string {
  if (Number.isSafeInteger(value)) return numberText(value);
  for (let digits = fewest; digits <= most; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (readsBack(rounded)) return numberText(rounded);
  }
  return numberText(value);
}

function numberText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value);
}
