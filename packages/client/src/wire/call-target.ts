/** What a call needs to know, whatever its form. */
import { Metadata, type CallOptions, type Client as GrpcClient } from '@grpc/grpc-js';
import { priorityHeader } from '@serving/common';
import type { FailedCall } from '../transport-error.js';

/** `deadlineMs` of `Infinity` for no deadline. */
export interface CallTarget extends FailedCall {
  readonly channel: GrpcClient;
  readonly path: string;
  readonly priority?: number | undefined;
}

export function metadataOf({ priority }: CallTarget): Metadata {
  const metadata = new Metadata();
  if (priority !== undefined) metadata.set(priorityHeader, String(priority));
  return metadata;
}

export function callOptions({ deadlineMs }: CallTarget): CallOptions {
  return Number.isFinite(deadlineMs) ? { deadline: Date.now() + deadlineMs } : {};
}

export const identity = (bytes: Buffer): Uint8Array => bytes;

/** grpc-js copies the message with Buffer's own `copy`. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
