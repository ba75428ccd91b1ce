/** The elements of a JSON tensor, in C order, all of one kind. */

export interface NumberLeaves {
  readonly kind: 'numbers';
  /** The double nearest to each. */
  readonly values: Float64Array;
  /** The first one with a fraction or an exponent (1.0, not 1); -1 when all are integers. */
  readonly firstFloat: number;
  /** Those that a double is not sure to hold, in order: integers beyond ±(2^53 - 1) of at most 20 digits. */
  readonly exact: readonly ExactInteger[];
}

export interface ExactInteger {
  readonly element: number;
  readonly value: bigint;
}

export interface BooleanLeaves {
  readonly kind: 'booleans';
  /** 0 or 1 each. */
  readonly values: Uint8Array;
}

export interface TextLeaves {
  readonly kind: 'texts';
  /** As UTF-8. */
  readonly values: readonly Uint8Array[];
}

export interface BytesLeaves {
  readonly kind: 'bytes';
  readonly values: readonly Uint8Array[];
}

/** There are no elements, so their kind cannot be told. */
export interface NoLeaves {
  readonly kind: 'none';
}

export type TensorLeaves = NumberLeaves | BooleanLeaves | TextLeaves | BytesLeaves | NoLeaves;
