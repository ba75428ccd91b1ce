/** The one error of this client's calls: a refused instance, a call that failed, or a reply that makes no sense. */
import { status } from '@grpc/grpc-js';
import { mindsporeCode } from '@serving/common';

/** What the server said of an instance (`ErrorMsg.error_code`). The client uses INVALID_INPUTS for its own checks too. */
type ServerCode = Exclude<keyof typeof mindsporeCode, 'SUCCESS'>;

/**
 * - A server's code (`INVALID_INPUTS`, `FAILED`, `SYSTEM_ERROR`, `WORKER_UNAVAILABLE`, `SERVABLE_UNAVAILABLE`): it
 *   refused the instance or could not run it. `INVALID_INPUTS` is also what the client finds wrong before it sends.
 * - A gRPC status name (`UNAVAILABLE`, `DEADLINE_EXCEEDED`, `CANCELLED`, `RESOURCE_EXHAUSTED`, …): the call failed.
 * - `BAD_REPLY`: the server answered something that this protocol does not allow.
 */
export type InferErrorCode = ServerCode | Exclude<keyof typeof status, 'OK'> | 'BAD_REPLY';

const retryableCodes: ReadonlySet<InferErrorCode> = new Set([
  'UNAVAILABLE',
  'WORKER_UNAVAILABLE',
  'SERVABLE_UNAVAILABLE',
]);

/** How servers say that their queue is full; the protocol has no code of its own for it. */
const queueFull = 'Serving Error: enqueued requests count exceeds the limit';

const serverCodeByNumber = new Map<number, ServerCode>();
for (const [name, code] of Object.entries(mindsporeCode)) {
  if (name !== 'SUCCESS') serverCodeByNumber.set(code, name as ServerCode);
}

export interface InferErrorOptions {
  readonly grpcStatus?: number;
  readonly cause?: unknown;
}

export class InferError extends Error {
  override readonly name = 'InferError';
  readonly code: InferErrorCode;
  /** The status the gRPC call ended with: 0 when the server answered, undefined when nothing was sent. */
  readonly grpcStatus: number | undefined;

  constructor(code: InferErrorCode, message: string, options: InferErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.grpcStatus = options.grpcStatus;
  }

  /** Whether the same request may succeed if it is sent again. */
  get retryable(): boolean {
    return retryableCodes.has(this.code) || (this.code === 'FAILED' && this.message.startsWith(queueFull));
  }
}

/** A server's word on an instance. Codes of later releases count as FAILED. */
export function serverError(code: bigint, text: string): InferError {
  const name = serverCodeByNumber.get(Number(code)) ?? 'FAILED';
  return new InferError(name, text === '' ? 'the server gave no reason' : text, { grpcStatus: status.OK });
}

export function badReply(message: string, cause?: unknown): InferError {
  return new InferError('BAD_REPLY', message, { grpcStatus: status.OK, cause });
}

export function cancelled(message: string, cause?: unknown): InferError {
  return new InferError('CANCELLED', message, { grpcStatus: status.CANCELLED, cause });
}

export function cancelledByCaller(signal: AbortSignal): InferError {
  return cancelled('the caller cancelled the call', signal.reason);
}
