/** An inference request and its answer, whether they come and go as protobuf or as JSON. */
import type { Column, DataType } from '@serving/common';

/** 64-bit integers are bigints. */
export type ParameterValue = boolean | number | bigint | string;
export type Parameters = ReadonlyMap<string, ParameterValue>;

export const noParameters: Parameters = new Map();

export interface InferInput {
  readonly name: string;
  /** `FP32`, `BYTES`, … as it was given. */
  readonly datatype: string;
  readonly shape: readonly number[];
  readonly parameters: Parameters;
  /** Little-endian, row-major; elements of BYTES behind their lengths in four bytes, or one by one. */
  readonly contents: Uint8Array | readonly Uint8Array[];
}

export interface RequestedOutput {
  readonly name: string;
  readonly parameters: Parameters;
}

export interface InferRequest {
  readonly model: string;
  /** Empty or `0` for the default version. */
  readonly version: string;
  readonly id: string;
  readonly parameters: Parameters;
  readonly inputs: readonly InferInput[];
  /** Empty for all of them. */
  readonly outputs: readonly RequestedOutput[];
  /** Bytes of the received message that the contents keep alive. */
  readonly retainedBytes: number;
}

/** Instances `from` to `to` (exclusive) of a column. */
export interface ColumnRange {
  readonly column: Column;
  readonly from: number;
  readonly to: number;
}

export interface OutputTensor {
  readonly name: string;
  readonly dtype: DataType;
  readonly shape: readonly number[];
  /** The elements, one range after the other. */
  readonly ranges: readonly ColumnRange[];
}

export interface InferResponse {
  readonly model: string;
  readonly version: number;
  readonly id: string;
  readonly outputs: readonly OutputTensor[];
}
