/**
 * The transport seam: what a protocol's handler sees of a call. Everything the master and the worker serve is written
 * against these types, so the transport under them can be replaced. Messages are undecoded bytes; decoding belongs to
 * each protocol's own `deserialize.ts`.
 */
import type { ServingError } from '../errors/serving-error.js';
import type { Deadline } from '../timing/deadline.js';

/** Whether anybody still waits. Not an AbortSignal: making one costs more than decoding a small request. */
export interface CancelSignal {
  readonly aborted: boolean;
  /** Calls `listener` at most once, when the signal aborts; at once when it has. */
  onAbort(listener: () => void): void;
}

export interface RpcCall {
  /** Full method path, `/package.Service/Method`. */
  readonly path: string;
  /** The first value of a request header, by lower-case name. */
  metadata(name: string): string | undefined;
  readonly deadline: Deadline;
  /** Aborts when the caller cancels, goes away or its deadline passes; never after the handler is done. */
  readonly signal: CancelSignal;
  /** Address of the caller, for logs. */
  readonly peer: string;
}

export interface RpcResult {
  /** gRPC status code; 0 is OK. */
  readonly status: number;
  /** Status message; only with a status other than 0. */
  readonly message?: string;
  readonly trailers?: Readonly<Record<string, string>>;
  /** The reply message in one or more pieces; none when the status is not 0. */
  readonly body: readonly Uint8Array[];
}

/** Trailer of gRPC that says after how many milliseconds to try again: clients that retry keep to it. */
const retryTrailer = 'grpc-retry-pushback-ms';

/** How a call ends with an error. */
export function failedResult({ grpcStatus, message, retryAfterMs }: ServingError): Omit<RpcResult, 'body'> {
  const status = { status: grpcStatus, message };
  return retryAfterMs === undefined
    ? status
    : { ...status, trailers: { [retryTrailer]: String(retryAfterMs) } };
}

/** The unary fast path: one message in, one out. Must settle; a rejection becomes INTERNAL. */
export type UnaryHandler = (call: RpcCall, message: Uint8Array) => RpcResult | Promise<RpcResult>;

export interface RpcStream {
  /**
   * Messages of the caller in order; ends when the caller half-closes, throws CANCELLED when the stream breaks. A caller
   * that cancels may half-close first (grpc-js does), so the end alone does not tell that somebody still waits.
   */
  readonly messages: AsyncIterable<Uint8Array>;
  /** Queues a message; resolves when the transport wants more. Rejects with CANCELLED once the stream is broken. */
  send(message: Uint8Array): Promise<void>;
}

/** The streaming form. The stream ends with the status the handler resolves to. */
export type StreamHandler = (call: RpcCall, stream: RpcStream) => Promise<Omit<RpcResult, 'body'>>;

export type RpcRoute =
  | { readonly kind: 'unary'; readonly path: string; readonly handle: UnaryHandler }
  | { readonly kind: 'stream'; readonly path: string; readonly handle: StreamHandler };

export interface RpcServer {
  /** Listens. Resolves with the address in use (the real port when 0 was asked for). */
  start(): Promise<string>;
  /**
   * Takes no new calls, waits up to `graceMs` for those in progress, then ends them with UNAVAILABLE. Resolves with the
   * number of those.
   */
  stop(graceMs: number): Promise<number>;
}
