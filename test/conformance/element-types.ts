/** Groups of element types, for the lists of what an operator takes. */
import type { NumericType } from '@serving/client';

export const floats = ['float16', 'float32', 'float64'] as const;
export const wideFloats = ['float32', 'float64'] as const;
export const signed = ['int8', 'int16', 'int32', 'int64'] as const;
export const unsigned = ['uint8', 'uint16', 'uint32', 'uint64'] as const;
export const integers = [...signed, ...unsigned] as const;
export const numbers = [...floats, ...integers] as const;
export const everything = [...numbers, 'bool'] as const satisfies readonly NumericType[];

export function isFloat(dtype: NumericType): boolean {
  return dtype.startsWith('float');
}

export function isUnsigned(dtype: NumericType): boolean {
  return dtype.startsWith('uint');
}
