/** What a method takes and returns, as far as it is known before a request comes. */
import type { DataType } from '../tensor/data-type.js';
import type { Batching } from './batching.js';

/** A named input or output. What is undefined is open: any dtype, any shape. */
export interface Port {
  readonly name: string;
  readonly dtype?: DataType;
  /** Whether the servable's configuration says so, rather than the model that takes it. */
  readonly isDeclared?: boolean;
  /** Shape of one instance; a string is a symbolic dimension, any size. */
  readonly shape?: readonly (number | string)[];
  /** Sizes that a dimension of the instance is padded to before the method runs. */
  readonly padding?: Padding;
}

export interface Padding {
  /** Which dimension of the instance's shape varies, from 0. */
  readonly dimension: number;
  /** Sizes it is padded to, ascending: each instance to the smallest that holds it. */
  readonly sizes: readonly number[];
}

export interface MethodSignature {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Instances a model of the method takes at a time; 0 when it takes any number. */
  readonly modelBatchSize: number;
  /** Whether a stage of it takes several instances at a time: then protocols that know batches give it batches. */
  readonly batched?: boolean;
  /** Whether it is meant when a request names the servable alone. */
  readonly isDefault?: boolean;
  /** Whether an instance gets many responses, as they come: then only protocols that have a form for that offer it. */
  readonly streaming?: boolean;
  /** Whether an instance may be run again when the replica that had it was lost. */
  readonly idempotent: boolean;
  /** How its instances are put into batches. */
  readonly batching?: Batching;
}
