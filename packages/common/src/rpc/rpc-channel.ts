/** The transport seam seen from the calling side: what the worker's link is written against. */
import type { RpcStream } from './rpc-handler.js';

/** A call that the other side, or the transport, ended with a status other than OK. */
export class RpcError extends Error {
  /** gRPC status code. */
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.name = 'RpcError';
    this.status = status;
  }
}

export interface RpcClientStream extends RpcStream {
  /** Messages of the server in order; ends when it ends the call with OK, throws RpcError otherwise. */
  readonly messages: AsyncIterable<Uint8Array>;
  /** No more messages follow from this side. */
  halfClose(): void;
  /** Gives the call up. */
  cancel(): void;
}

export interface RpcChannel {
  /** One message there, one back. @throws RpcError */
  unary(path: string, message: Uint8Array, timeoutMs: number): Promise<Uint8Array>;
  /** @param headers request headers, by lower-case name, ASCII only */
  openStream(path: string, headers?: Readonly<Record<string, string>>): RpcClientStream;
  /** Ends the connection; calls in progress fail. */
  close(): void;
}
