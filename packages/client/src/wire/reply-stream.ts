/** One call with many replies, as undecoded bytes, whose failure is an InferError. */
import type { ServiceError } from '@grpc/grpc-js';
import type { InferError } from '../infer-error.js';
import { transportError } from '../transport-error.js';
import { asBuffer, callOptions, identity, metadataOf, type CallTarget } from './call-target.js';

export interface ReplyStream {
  /** To be iterated once; the server is told when whoever does ends early. Throws InferError. */
  readonly replies: AsyncIterable<Uint8Array>;
  /** The iteration throws this, and the server is told. */
  readonly cancel: (why: InferError) => void;
}

export function startReplyStream(target: CallTarget, message: Uint8Array): ReplyStream {
  const { channel, path } = target;
  const call = channel.makeServerStreamRequest<Uint8Array, Uint8Array>(
    path,
    asBuffer,
    identity,
    message,
    metadataOf(target),
    callOptions(target),
  );
  // Whoever iterates learns of it; after an early end nobody does.
  call.on('error', () => undefined);
  let cancelledBecause: InferError | undefined;
  async function* replies(): AsyncGenerator<Uint8Array> {
    try {
      yield* call as AsyncIterable<Uint8Array>;
    } catch (thrown) {
      throw cancelledBecause ?? transportError(thrown as ServiceError, target);
    } finally {
      call.cancel();
    }
  }
  return {
    replies: replies(),
    cancel: (why) => {
      cancelledBecause ??= why;
      call.cancel();
    },
  };
}
