/** Client library for MindSpore Serving's gRPC interface and a master's status. */
export { Client, type InferOptions } from './client.js';
export type { ClientOptions } from './client-options.js';
export {
  clusterStatus,
  type ClusterStatus,
  type MethodStatus,
  type ReplicaState,
  type ReplicaStatus,
  type StatusOptions,
  type WorkerStatus,
} from './cluster-status.js';
export { InferError, type InferErrorCode } from './infer-error.js';
export { outputsOf, type InferResult, type NamedOutputs, type Outputs } from './infer-result.js';
export type { InputValue, Instance } from './values/input-value.js';
export type { NestedArray } from './values/nested-array.js';
export { tensor, type InputArray, type TensorData } from './values/tensor-input.js';
export {
  BytesTensor,
  ServingError,
  StringTensor,
  Tensor,
  type DataType,
  type NumericType,
  type TypedArray,
  type TypedArrays,
  type Value,
} from '@serving/common';
