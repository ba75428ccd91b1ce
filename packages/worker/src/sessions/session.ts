/** A loaded model file: names and kinds of what it takes and gives, and a run. */
import type { NumericType, StringTensor, Tensor } from '@serving/common';

/** What a symbolic dimension without a name is called. */
export const nameless = '?';

export interface ModelPort {
  readonly name: string;
  readonly dtype: NumericType | 'string';
  /** Whole shape as the model declares it; a string is a symbolic dimension. Undefined for any number of dimensions. */
  readonly shape: readonly (number | string)[] | undefined;
}

/** What a run takes and gives. */
export type ModelTensor = Tensor | StringTensor;

export interface Session {
  readonly inputs: readonly ModelPort[];
  readonly outputs: readonly ModelPort[];
  /** Names of the symbolic dimensions of either that have one, those included that were given a size. */
  readonly symbols: ReadonlySet<string>;
  /**
   * Runs the model on one tensor per input, in order; blocks the thread meanwhile.
   * @throws ServingError SESSION_FAILED
   */
  run(inputs: readonly ModelTensor[]): Promise<ModelTensor[]>;
  release(): Promise<void>;
}

/** Told when the thread enters and leaves native code, where it must not be terminated. */
export interface NativeGuard {
  enter(): void;
  leave(): void;
}
