/** A failed gRPC call as an InferError whose text names the address and the cause. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { connectionFault } from '@serving/common';
import { mebibyte } from './client-options.js';
import { InferError, type InferErrorCode } from './infer-error.js';

/** What of the call is of use in the text. */
export interface FailedCall {
  readonly address: string;
  readonly deadlineMs: number;
  /** The largest message that the client takes. */
  readonly maxMessageBytes: number;
}

export function transportError(error: ServiceError | null, call: FailedCall): InferError {
  const grpcStatus = error?.code ?? status.UNKNOWN;
  const code = codeOf(grpcStatus);
  const details = error === null ? 'no message' : error.details;
  const message = messageOf(code, details, call);
  return new InferError(code, message, { grpcStatus, cause: error ?? undefined });
}

function codeOf(grpcStatus: status): InferErrorCode {
  const name = status[grpcStatus] as keyof typeof status | undefined;
  return name === undefined || name === 'OK' ? 'UNKNOWN' : name;
}

function messageOf(code: InferErrorCode, details: string, call: FailedCall): string {
  const { address, deadlineMs, maxMessageBytes } = call;
  if (code === 'UNAVAILABLE') return `${address} is unavailable: ${connectionFault(details)}`;
  if (code === 'DEADLINE_EXCEEDED' && Number.isFinite(deadlineMs))
    return `${address} did not answer within the deadline of ${deadlineMs} ms`;
  return `call to ${address} failed with ${code}: ${details}${sizeAdvice(details, maxMessageBytes)}`;
}

/** grpc-js words it alike on both sides; the limit tells whose it is. */
function sizeAdvice(details: string, ownBytes: number): string {
  const limit = /^(?:Received|Sent|Attempted to send) message .*larger than (?:max \(\d+ vs\.? )?(\d+)/.exec(
    details,
  )?.[1];
  if (limit === undefined) return '';
  const mebibytes = Number(limit) / mebibyte;
  return Number(limit) === ownBytes
    ? `; the client takes messages of ${mebibytes} MiB at most (maxMessageMb)`
    : `; the server takes messages of ${mebibytes} MiB at most (--max-message-mb)`;
}
