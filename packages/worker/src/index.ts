/**
 * What a servable_config is written with (`declareModel`, `registerMethod`, `addStage`), and the replica that runs
 * one. onnxruntime is loaded in executor threads only, never by importing this.
 */
export {
  addStage,
  argmax,
  base64Decode,
  base64Encode,
  BytesTensor,
  declareModel,
  decodeImage,
  imageGeometry,
  InputError,
  Model,
  Placeholder,
  readLabels,
  registerMethod,
  softmax,
  StringTensor,
  Subgraph,
  Tensor,
  topK,
  topLabels,
  type DataType,
  type ImageOptions,
  type LabelOptions,
  type MethodInputs,
  type MethodOptions,
  type MethodOutputs,
  type ModelOptions,
  type NumericType,
  type InputNames,
  type PaddedPortOptions,
  type PortNames,
  type PortOptions,
  type SessionSettings,
  type StageFunction,
  type StageInput,
  type StageOptions,
  type StageOutputs,
  type TypedArray,
  type Value,
} from './authoring/authoring.js';
export { LocalReplica, type CreditListener, type ReplicaOptions } from './local-replica.js';
export type { Outage } from './link/master-link.js';
export { startServable, type RunningWorker, type WorkerOptions } from './start-servable.js';
export type { Device, DeviceType } from './sessions/execution-providers.js';
export type { CreditSink } from './credits/credit-account.js';
export type { GrantedWork, ReplicaShare } from './credits/replica-share.js';
export type { BatchWork } from './executors/batch-work.js';
export { planCores, type CorePlan, type PlanRequest } from './executors/core-plan.js';
export { shareOfCores, usableCores, type CoreCount } from './executors/cores.js';
export { workerOptions, type WorkerConfig } from './config.js';
export { workerProgram } from './program.js';
export { isFatal as isFatalExitCode } from './cli/exit.js';
