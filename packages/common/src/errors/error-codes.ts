/** The one table of failures. docs/errors.md shows it; a test keeps the two equal. */

/** gRPC status codes used here (grpc/grpc, doc/statuscodes.md). */
export const grpcStatus = {
  OK: 0,
  CANCELLED: 1,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
} as const;

export type GrpcStatusName = keyof typeof grpcStatus;

/** MindSpore Serving's `ErrorMsg.error_code`: 1 FAILED, 2 INVALID_INPUTS, 3 SYSTEM_ERROR, 4 and 5 unavailable. */
export const mindsporeCode = {
  SUCCESS: 0,
  FAILED: 1,
  INVALID_INPUTS: 2,
  SYSTEM_ERROR: 3,
  WORKER_UNAVAILABLE: 4,
  SERVABLE_UNAVAILABLE: 5,
} as const;

export type MindsporeCodeName = keyof typeof mindsporeCode;

export interface ErrorRow {
  readonly grpc: GrpcStatusName;
  /** HTTP status; undefined where the failure never answers a request. */
  readonly http?: number;
  readonly mindspore?: MindsporeCodeName;
  /** Whether the same request may succeed if sent again. */
  readonly retryable: boolean;
  readonly meaning: string;
}

function row(
  grpc: GrpcStatusName,
  http: number,
  mindspore: MindsporeCodeName,
  retryable: boolean,
  meaning: string,
) {
  return { grpc, http, mindspore, retryable, meaning } satisfies ErrorRow;
}

export const errorTable = {
  INVALID_TENSOR: row(
    'INVALID_ARGUMENT',
    400,
    'INVALID_INPUTS',
    false,
    'a tensor whose dtype, shape and bytes do not agree',
  ),
  INPUT_MISMATCH: row(
    'INVALID_ARGUMENT',
    400,
    'INVALID_INPUTS',
    false,
    'an input that is missing or not what the method or model takes',
  ),
  BAD_REQUEST: row(
    'INVALID_ARGUMENT',
    400,
    'INVALID_INPUTS',
    false,
    'a request that cannot be read or makes no sense',
  ),
  BODY_TOO_LARGE: row(
    'RESOURCE_EXHAUSTED',
    413,
    'FAILED',
    false,
    'a request over HTTP that is larger than the server takes, or would be once decompressed',
  ),
  BODY_TOO_SLOW: row(
    'DEADLINE_EXCEEDED',
    408,
    'FAILED',
    true,
    'a request over HTTP that did not arrive in full in time',
  ),
  UNKNOWN_PATH: row('NOT_FOUND', 404, 'FAILED', false, 'a path of the HTTP port that is not served'),
  WRONG_VERB: row(
    'UNIMPLEMENTED',
    405,
    'FAILED',
    false,
    'a path of the HTTP port, with a verb it does not take',
  ),
  UNSUPPORTED: row('UNIMPLEMENTED', 501, 'FAILED', false, 'a part of a protocol that is not offered here'),
  FIXED_MODELS: row(
    'UNAVAILABLE',
    503,
    'FAILED',
    false,
    'what is served cannot be changed while the server runs',
  ),
  SERVABLE_NOT_FOUND: row('NOT_FOUND', 404, 'INVALID_INPUTS', false, 'no servable of this name'),
  VERSION_NOT_FOUND: row('NOT_FOUND', 404, 'INVALID_INPUTS', false, 'the servable has no such version'),
  METHOD_NOT_FOUND: row('NOT_FOUND', 404, 'INVALID_INPUTS', false, 'the servable has no such method'),
  NO_REPLICA: row(
    'UNAVAILABLE',
    503,
    'SERVABLE_UNAVAILABLE',
    true,
    'no replica of the servable is available now, or no worker has registered one yet',
  ),
  QUEUE_FULL: row(
    'RESOURCE_EXHAUSTED',
    429,
    'FAILED',
    true,
    'more instances or bytes are waiting than the limits allow',
  ),
  READER_TOO_SLOW: row(
    'RESOURCE_EXHAUSTED',
    429,
    'FAILED',
    false,
    'a client that reads the responses to its request more slowly than they come',
  ),
  DEADLINE_EXCEEDED: row(
    'DEADLINE_EXCEEDED',
    504,
    'FAILED',
    false,
    "the caller's deadline passed before the answer was ready",
  ),
  CANCELLED: row('CANCELLED', 499, 'FAILED', false, 'the caller cancelled the request'),
  WORKER_LOST: row(
    'UNAVAILABLE',
    503,
    'WORKER_UNAVAILABLE',
    false,
    'the worker or executor was lost while it ran the instances',
  ),
  STAGE_FAILED: row(
    'INTERNAL',
    500,
    'SYSTEM_ERROR',
    false,
    'a stage of the method threw, returned something illegal or did not return',
  ),
  SESSION_FAILED: row('INTERNAL', 500, 'FAILED', false, 'the model could not be run on these inputs'),
  INTERNAL: row(
    'INTERNAL',
    500,
    'SYSTEM_ERROR',
    false,
    'a fault of the server; the log has its cause under the error id',
  ),
  FRAME_INVALID: row(
    'INTERNAL',
    500,
    'SYSTEM_ERROR',
    false,
    'a frame between master and worker that cannot be read',
  ),
  LOAD_FAILED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'a servable that cannot be loaded; ends the process with exit code 3',
  },
  SIGNATURE_CONFLICT: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'a replica whose methods differ from those of a live one; ends its worker',
  },
  WORKER_ID_TAKEN: {
    grpc: 'ALREADY_EXISTS',
    retryable: false,
    meaning: 'a worker whose id another live process is registered with; it keeps trying',
  },
  EPOCH_ENDED: {
    grpc: 'ABORTED',
    retryable: false,
    meaning: 'a stream of a registration that is over; the worker registers again',
  },
  REPLICA_REFUSED: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'a replica that the master will not route to; ends its worker with exit code 5',
  },
  PROTOCOL_MISMATCH: {
    grpc: 'FAILED_PRECONDITION',
    retryable: false,
    meaning: 'a master that speaks another version of the link protocol; ends the worker with exit code 5',
  },
  ADDRESS_UNAVAILABLE: {
    grpc: 'UNAVAILABLE',
    retryable: true,
    meaning: 'an address that cannot be listened on; ends the process with exit code 4',
  },
  CONFIG_INVALID: {
    grpc: 'INVALID_ARGUMENT',
    retryable: false,
    meaning: 'options that make no sense; ends the process with exit code 2',
  },
} as const satisfies Record<string, ErrorRow>;

export type ErrorCode = keyof typeof errorTable;

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorTable, text);
}
