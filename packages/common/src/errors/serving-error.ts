/** The one error class. Everything that can go wrong for a caller is one of the codes in `error-codes.ts`. */
import { randomUUID } from 'node:crypto';
import { shortened } from './shortened.js';
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

/** A message goes into a header of HTTP/2 too, where clients take some kilobytes, each byte as up to three. */
const longestLine = 1000;

/**
 * The first line of whatever was thrown, without a stack, cut at 1000 characters. Never throws itself, whatever a stage
 * has thrown.
 */
export function firstLine(thrown: unknown): string {
  const text = textOf(thrown);
  const end = text.search(/\r?\n/);
  const line = end === -1 ? text : text.slice(0, end);
  return shortened(line, longestLine);
}

/** `[object Object]` says nothing to anybody. */
function kindOf(thrown: unknown): string {
  const name = Object(thrown).constructor.name as unknown;
  return typeof name === 'string' && name !== '' && name !== 'Object'
    ? `an object of class ${name}`
    : 'an object';
}

function textOf(thrown: unknown): string {
  try {
    // Not `instanceof Error`: an error may come from another realm, and what looks like one is as good.
    const message =
      typeof thrown === 'object' && thrown !== null && 'message' in thrown ? thrown.message : thrown;
    const text = String(message);
    if (typeof message === 'string') return text;
    return /^\[object .*\]$/.test(text) ? `${kindOf(thrown)} without a message was thrown` : text;
  } catch {
    return 'something without a text was thrown';
  }
}
