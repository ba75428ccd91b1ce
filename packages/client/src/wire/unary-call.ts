/** One unary call of undecoded bytes, whose failure is an InferError. */
import { Metadata, type Client as GrpcClient } from '@grpc/grpc-js';
import { priorityHeader } from '@serving/common';
import type { InferError } from '../infer-error.js';
import { transportError, type FailedCall } from '../transport-error.js';

/** `deadlineMs` of `Infinity` for no deadline. */
export interface CallTarget extends FailedCall {
  readonly channel: GrpcClient;
  readonly path: string;
  readonly priority?: number | undefined;
}

export interface UnaryCall {
  readonly reply: Promise<Uint8Array>;
  /** Rejects at once and tells the server. */
  readonly cancel: (why: InferError) => void;
}

export function startUnaryCall(target: CallTarget, message: Uint8Array): UnaryCall {
  const { channel, path, deadlineMs, priority } = target;
  const metadata = new Metadata();
  if (priority !== undefined) metadata.set(priorityHeader, String(priority));
  const callOptions = Number.isFinite(deadlineMs) ? { deadline: Date.now() + deadlineMs } : {};
  let cancel: UnaryCall['cancel'] = () => undefined;
  const reply = new Promise<Uint8Array>((resolve, reject) => {
    const call = channel.makeUnaryRequest<Uint8Array, Uint8Array>(
      path,
      asBuffer,
      identity,
      message,
      metadata,
      callOptions,
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

const identity = (bytes: Buffer): Uint8Array => bytes;

/** grpc-js copies the message with Buffer's own `copy`. */
function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
