/** Why a master was not reached or left, in words for people. */
import { firstLine, grpcStatus, notTheClusterPort, RpcError } from '@serving/common';

export function linkFault(thrown: unknown): string {
  if (thrown === undefined) return 'the master ended the stream';
  const text = firstLine(thrown);
  const isAnotherPort = thrown instanceof RpcError && thrown.status === grpcStatus.UNIMPLEMENTED;
  return isAnotherPort ? `${text}; ${notTheClusterPort}` : text;
}

/** Nobody is there, or somebody who is no master. */
export function isWithoutMaster(thrown: unknown): boolean {
  if (!(thrown instanceof RpcError)) return false;
  return thrown.status === grpcStatus.UNAVAILABLE || thrown.status === grpcStatus.UNIMPLEMENTED;
}
