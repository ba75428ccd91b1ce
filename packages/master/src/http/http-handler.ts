/**
 * The seam between HTTP and the protocols spoken over it: what a protocol's handler sees of a request. Bodies are
 * undecoded bytes; decoding belongs to each protocol's own `deserialize.ts`.
 */
import type { RpcCall, ServingError } from '@serving/common';
import type { Slices } from '../slices/slices.js';

/** As a call of gRPC, whose metadata are the headers here; over HTTP a deadline comes with a request's parameters only. */
export interface HttpCall extends RpcCall {
  /** The verb, in capitals. */
  readonly verb: string;
  /** The path as it stands in the request line, percent-encoded. */
  readonly path: string;
  /** What stands behind the path's question mark, percent-encoded; empty when there is none. */
  readonly query: string;
  /** What stands at the path's placeholders, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /**
   * Does the reading of the body, at once where that is short, else in slices between which other requests have their
   * turn. Until it is done, or the handler is, the body counts as one that is on its way.
   * @throws ServingError CANCELLED (by rejecting) when the caller goes away meanwhile; whatever `reading` throws
   */
  read<Result>(reading: Slices<Result>): Result | Promise<Result>;
  /** As `read`, of the writing of the reply. */
  write<Result>(writing: Slices<Result>): Result | Promise<Result>;
}

export interface HttpResult {
  readonly status: number;
  /** By lower-case name. @default JSON's content type */
  readonly headers?: Readonly<Record<string, string>>;
  /** In one or more pieces, which are not copied. */
  readonly body: readonly Uint8Array[];
  /** Whether it may be compressed for a caller that accepts that. @default true */
  readonly compressible?: boolean;
}

/** Must settle; a rejection is told by the route's `failed`. */
export type HttpHandler = (call: HttpCall, body: Uint8Array) => HttpResult | Promise<HttpResult>;

/** A verb that a path takes. HEAD is answered as GET, without its body. */
export type Verb = 'GET' | 'POST';

export interface HttpRoute {
  /** `/v2/models/:model/infer`; `:model([^:]+)` as the pattern has it; `::` is a colon; with `*` at its end whatever begins so. */
  readonly path: string;
  /** Other verbs are told of as WRONG_VERB, before their bodies are read. */
  readonly handlers: Readonly<Partial<Record<Verb, HttpHandler>>>;
  /** Whether it is answered while the server stops, when others are told of that instead. @default false */
  readonly whileStopping?: boolean;
  /** How the protocol tells of an error, whether of its own or of what comes before it: a body too large, for instance. */
  readonly failed: (error: ServingError, call: HttpCall) => HttpResult;
}

export const jsonType = 'application/json';

/** A reply of JSON. */
export function jsonResult(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): HttpResult {
  return {
    status,
    headers: { 'content-type': jsonType, ...headers },
    body: [Buffer.from(JSON.stringify(value))],
  };
}

/** What an error adds to the headers of its reply, whatever the protocol: when to try again, in whole seconds. */
export function retryHeaders({ retryAfterMs }: ServingError): Record<string, string> {
  return retryAfterMs === undefined
    ? {}
    : { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) };
}
