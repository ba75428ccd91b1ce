/** A failed gRPC call as an InferError whose text names the address and the cause. */
import { status, type ServiceError } from '@grpc/grpc-js';
import { connectionFault } from '@serving/common';
import { InferError, type InferErrorCode } from './infer-error.js';

export function transportError(error: ServiceError | null, address: string, deadlineMs: number): InferError {
  const grpcStatus = error?.code ?? status.UNKNOWN;
  const code = codeOf(grpcStatus);
  const details = error === null ? 'no message' : error.details;
  const message = messageOf(code, details, address, deadlineMs);
  return new InferError(code, message, { grpcStatus, cause: error ?? undefined });
}

function codeOf(grpcStatus: status): InferErrorCode {
  const name = status[grpcStatus] as keyof typeof status | undefined;
  return name === undefined || name === 'OK' ? 'UNKNOWN' : name;
}

function messageOf(code: InferErrorCode, details: string, address: string, deadlineMs: number): string {
  if (code === 'UNAVAILABLE') return `${address} is unavailable: ${connectionFault(details)}`;
  if (code === 'DEADLINE_EXCEEDED' && Number.isFinite(deadlineMs))
    return `${address} did not answer within the deadline of ${deadlineMs} ms`;
  return `call to ${address} failed with ${code}: ${details}`;
}
