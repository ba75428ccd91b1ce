/** The server's side of a stream of @grpc/grpc-js, as the transport seam has it. */
import type { ServerDuplexStream } from '@grpc/grpc-js';
import { ServingError } from '../errors/serving-error.js';
import type { RpcStream } from './rpc-handler.js';

export class GrpcJsStream implements RpcStream {
  readonly messages: AsyncIterable<Uint8Array>;
  readonly #call: ServerDuplexStream<Uint8Array, Uint8Array>;
  /** Sends that wait until the transport wants more. */
  #waiting: { readonly resolve: () => void; readonly reject: (error: ServingError) => void }[] = [];

  constructor(call: ServerDuplexStream<Uint8Array, Uint8Array>) {
    this.#call = call;
    this.messages = { [Symbol.asyncIterator]: () => messagesOf(call) };
    const written = () => {
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    };
    const broken = () => {
      for (const { reject } of this.#waiting.splice(0)) reject(closedByPeer());
    };
    // `drain` does not come any more once the handler is done: the rest has gone out when `finish` comes.
    call.on('drain', written).on('finish', written).on('cancelled', broken).on('close', broken);
  }

  send(message: Uint8Array): Promise<void> {
    const call = this.#call;
    if (call.cancelled || call.destroyed || call.writableEnded)
      return Promise.reject(new ServingError('CANCELLED', 'the stream is closed'));
    if (call.write(message)) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }
}

async function* messagesOf(call: ServerDuplexStream<Uint8Array, Uint8Array>): AsyncGenerator<Uint8Array> {
  let wake: () => void = () => undefined;
  let isOver = false;
  const onMore = () => wake();
  const onOver = () => {
    isOver = true;
    wake();
  };
  const over = ['end', 'cancelled', 'close', 'error'];
  call.on('readable', onMore);
  for (const event of over) call.on(event, onOver);
  try {
    // Not Node's iterator: a status is an error to it, which destroys the call before its last messages have gone out.
    for (;;) {
      const message = call.read() as Uint8Array | null;
      if (message !== null) yield message;
      else if (isOver || call.readableEnded || call.destroyed) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  } finally {
    call.off('readable', onMore);
    for (const event of over) call.off(event, onOver);
  }
  // Node ends the messages of a lost connection as if the caller had half-closed; one turn later it shows which it was.
  await new Promise((resolve) => setImmediate(resolve));
  if (call.cancelled || call.destroyed) throw closedByPeer();
}

/** A caller that goes away is no fault of the server: it must not be reported as one. */
function closedByPeer(): ServingError {
  return new ServingError('CANCELLED', 'the stream was closed by the other side');
}
