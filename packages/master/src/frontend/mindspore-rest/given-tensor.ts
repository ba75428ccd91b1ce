/** A tensor as an instance gives it: in base64, whose type is said, or in JSON, whose type is to be found. */
import type { DataType } from '@serving/common';
import type { FloatType } from '../../json/float-elements.js';
import type { JsonTensor } from '../../json/json-tensor.js';
import type { TensorLayout } from '../instance-blocks.js';

export interface Base64Tensor extends TensorLayout {
  readonly kind: 'base64';
  readonly bytes: Uint8Array;
}

export type GivenTensor = Base64Tensor | (JsonTensor & { readonly kind: 'json' });

export function isFloatType(dtype: DataType | undefined): dtype is FloatType {
  return dtype === 'float16' || dtype === 'float32' || dtype === 'float64';
}
