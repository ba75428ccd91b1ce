/** What a method takes and returns, as far as it is known before a request comes. */
import type { DataType } from '../tensor/data-type.js';

/** A named input or output. What is undefined is open: any dtype, any shape. */
export interface Port {
  readonly name: string;
  readonly dtype?: DataType;
  /** Shape of one instance; a string is a symbolic dimension, any size. */
  readonly shape?: readonly (number | string)[];
}

export interface MethodSignature {
  readonly name: string;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  /** Instances a model of the method takes at a time; 0 when it takes any number. */
  readonly modelBatchSize: number;
  /** Whether an instance may be run again when the replica that had it was lost. */
  readonly idempotent: boolean;
}
