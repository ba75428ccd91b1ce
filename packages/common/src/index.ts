/** What master, worker and client share. */
export {
  dataTypes,
  dataTypeFromWire,
  dataTypeToWire,
  elementWidth,
  isDataType,
  isNumericType,
  mindsporeTypeName,
  type DataType,
  type NumericType,
} from './tensor/data-type.js';
export { float16Bits, float16Value } from './tensor/float16.js';
export { loneSurrogateAt } from './tensor/lone-surrogate.js';
export { elementCount, formatShape, maxElements, ownShape, sameShape } from './tensor/shape.js';
export { Tensor, type Value } from './tensor/tensor.js';
export { BytesTensor, StringTensor } from './tensor/text-tensor.js';
export {
  allocate,
  asBytes,
  asElements,
  typedArrayConstructor,
  type TypedArray,
  type TypedArrays,
} from './tensor/typed-array.js';
export { Block, contiguousBytes, rangeBytes, sameLayout, type BlockRange } from './block/block.js';
export {
  bytesColumn,
  columnInstances,
  numericColumn,
  sameColumnLayout,
  visitBytes,
  type BytesColumn,
  type Column,
  type NumericColumn,
} from './block/column.js';
export {
  decodeBatch,
  encodeBatch,
  type BatchContents,
  type BatchDescription,
  type CallRange,
} from './frame/batch-frame.js';
export { decodeReply, encodeReply, type BatchReply, type StageDuration } from './frame/reply-frame.js';
export { chunksOf, FrameAssembler, maxChunkBytes, type Chunk } from './frame/chunk.js';
export { failure, type Outcome, type Reply, type ReplySink } from './reply/reply-sink.js';
export { CreditPurse, type Credit } from './credit/credit.js';
export { Fifo } from './collection/fifo.js';
export { LinkedList, type Linked } from './collection/linked-list.js';
export { longestTimeoutMs, systemClock, type Clock } from './timing/clock.js';
export { Deadline } from './timing/deadline.js';
export { IndexedHeap, type Heaped } from './collection/indexed-heap.js';
export { ServiceTime } from './timing/service-time.js';
export { backoffMs, type BackoffOptions } from './timing/backoff.js';
export {
  errorTable,
  grpcStatus,
  isErrorCode,
  mindsporeCode,
  type ErrorCode,
  type ErrorRow,
} from './errors/error-codes.js';
export { InputError, isInputError } from './errors/input-error.js';
export { ServingError } from './errors/serving-error.js';
export { firstLine, stackOf, stackOrLine } from './errors/thrown-text.js';
export { shortened } from './errors/shortened.js';
export { predictPaths } from './identity/predict-paths.js';
export type { ServableSpec } from './identity/servable-spec.js';
export {
  batchingOptions,
  batchingProblem,
  isAscending,
  mostPriority,
  priorityHeader,
  type Batching,
} from './identity/batching.js';
export type { MethodSignature, Padding, Port } from './identity/method-signature.js';
export { nearest } from './config/nearest.js';
export { parseServableName, servableName, servableNames } from './config/servable-name.js';
export { formatDuration } from './config/duration.js';
export { addOptions, fallbackText, loadConfig, type ConfigSource } from './config/load-config.js';
export {
  addressList,
  automaticDuration,
  automaticInteger,
  automaticText,
  changedOptions,
  choice,
  duration,
  environmentNameOf,
  flagOf,
  integer,
  integerList,
  optionalAddress,
  text,
  toggle,
  usageOf,
  variablePrefix,
  type ConfigOf,
  type OptionSpec,
  type OptionTable,
} from './config/option.js';
export { endAtOnce, onShutdownSignal } from './lifecycle/shutdown-signals.js';
export { endWithParent } from './lifecycle/end-with-parent.js';
export { tellServing } from './lifecycle/tell-serving.js';
export { Supervisor, type SupervisorOptions } from './lifecycle/supervisor.js';
export type { ChildState } from './lifecycle/child-state.js';
export type { ChildCommand, ChildSnapshot, FatalEnd } from './lifecycle/supervised-child.js';
export { createLogger, logLevels, type Logger, type LogLevel } from './logging/logger.js';
export { parseAddress, parseAddresses } from './rpc/address.js';
export { createGrpcServer, type GrpcServerOptions } from './rpc/grpc-server.js';
export { silenceGrpcJs } from './rpc/grpc-js-channel.js';
export { createGrpcJsChannel, type GrpcJsChannelOptions } from './rpc/grpc-js-channel.js';
export { RpcError, type RpcChannel, type RpcClientStream } from './rpc/rpc-channel.js';
export { chunkToWire, FrameInbox, type FrameLabel, type LabelledFrame } from './link/frame-chunk-wire.js';
export { FrameOutbox } from './link/frame-outbox.js';
export { nextWithin } from './link/next-within.js';
export { Lease } from './link/lease.js';
export {
  registrationTransitions,
  replicaTransitions,
  StateMachine,
  workerLinkTransitions,
  type RegistrationState,
  type ReplicaLifeState,
  type Transitions,
  type WorkerLinkState,
} from './link/link-states.js';
export {
  linkPaths,
  linkProtocolVersion,
  linkSilenceMs,
  maxLinkMessageBytes,
  notTheClusterPort,
  registrationHeaders,
  registrationOf,
  type RegistrationKey,
} from './link/protocol.js';
export { readMessage } from './link/read-message.js';
export { methodFromWire, methodToWire } from './link/signature-wire.js';
export { cannotListen, prepareToListen } from './rpc/listen-failure.js';
export {
  arrivalTimeMs,
  sweepsPerGrace,
  unfinishedLimits,
  type UnfinishedLimits,
} from './rpc/unfinished-requests.js';
export { connectionFault } from './rpc/connection-fault.js';
export type { WorkerIdentity } from './link/worker-identity.js';
export type {
  CancelSignal,
  RpcCall,
  RpcResult,
  RpcRoute,
  RpcServer,
  RpcStream,
  StreamHandler,
  UnaryHandler,
} from './rpc/rpc-handler.js';
export { publicFiles, type PublicFile } from './gen/descriptors.js';
export * as grpcHealth from './gen/grpc/health/v1/health.js';
export * as grpcReflection from './gen/grpc/reflection/v1/reflection.js';
export * as inference from './gen/inference/grpc_service.js';
export * as modelConfig from './gen/inference/model_config.js';
export * as mindspore from './gen/mindspore_serving/proto/ms_service.js';
export * as link from './gen/serving/link/v1/link.js';
export * as linkStatus from './gen/serving/link/v1/status.js';
