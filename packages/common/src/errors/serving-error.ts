/** The one error class. Everything that can go wrong for a caller is one of the codes in `error-codes.ts`. */
import { randomUUID } from 'node:crypto';
import { errorTable, grpcStatus, mindsporeCode, type ErrorCode, type ErrorRow } from './error-codes.js';

export class ServingError extends Error {
  override readonly name = 'ServingError';
  readonly code: ErrorCode;
  /** Set on INTERNAL errors: the same id stands in the log beside the cause. */
  readonly errorId: string | undefined;
  /** When the same request may well succeed, in milliseconds from now; where that is known. */
  readonly retryAfterMs: number | undefined;

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; errorId?: string; retryAfterMs?: number } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.errorId = options.errorId;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Whether the same request may succeed if sent again. */
  get retryable(): boolean {
    return errorTable[this.code].retryable;
  }

  get grpcStatus(): number {
    return grpcStatus[errorTable[this.code].grpc];
  }

  /** Status of a reply over HTTP. */
  get httpStatus(): number {
    const { http }: ErrorRow = errorTable[this.code];
    return http ?? 500;
  }

  /** `ErrorMsg.error_code` of MindSpore Serving's protocol. */
  get mindsporeCode(): number {
    const row: ErrorRow = errorTable[this.code];
    return mindsporeCode[row.mindspore ?? 'FAILED'];
  }

  /**
   * The funnel for whatever was thrown. A ServingError passes; anything else becomes INTERNAL with a fresh id and a
   * text that reveals nothing: its cause is for the log only.
   */
  static from(thrown: unknown): ServingError {
    if (thrown instanceof ServingError) return thrown;
    const errorId = randomUUID();
    return new ServingError('INTERNAL', `internal error, id ${errorId}`, { cause: thrown, errorId });
  }
}
