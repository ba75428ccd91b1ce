/** One unary call of undecoded bytes, whose failure is an InferError. */
import type { InferError } from '../infer-error.js';
import { transportError } from '../transport-error.js';
import { asBuffer, callOptions, identity, metadataOf, type CallTarget } from './call-target.js';

export interface UnaryCall {
  readonly reply: Promise<Uint8Array>;
  /** Rejects at once and tells the server. */
  readonly cancel: (why: InferError) => void;
}

export function startUnaryCall(target: CallTarget, message: Uint8Array): UnaryCall {
  const { channel, path } = target;
  let cancel: UnaryCall['cancel'] = () => undefined;
  const reply = new Promise<Uint8Array>((resolve, reject) => {
    const call = channel.makeUnaryRequest<Uint8Array, Uint8Array>(
      path,
      asBuffer,
      identity,
      message,
      metadataOf(target),
      callOptions(target),
      (error, bytes) => {
        if (error === null && bytes !== undefined) resolve(bytes);
        else reject(transportError(error, target));
      },
    );
    cancel = (why) => {
      reject(why);
      call.cancel();
    };
  });
  return { reply, cancel };
}
