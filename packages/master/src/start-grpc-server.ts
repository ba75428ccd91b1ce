/** Starts a master's gRPC front end and says so on standard output, in the words that scripts wait for. */
import type { Master } from './master.js';
import { messageBytes } from './message-bytes.js';

export interface GrpcServerOptions {
  /** Largest request and reply, in MiB, 1 to 512. @default 100 */
  readonly maxMessageMb?: number;
  /** Takes the start lines. @default writes them to standard output */
  readonly print?: (line: string) => void;
}

/**
 * Serves MindSpore Serving's protocol at `port`, `host:port` or `unix:path`; the counterpart of its
 * `start_grpc_server`. Resolves with the address in use (the real port when 0 was asked for).
 * @throws ServingError CONFIG_INVALID for an address or a size that makes no sense, ADDRESS_UNAVAILABLE for one in use
 */
export async function startGrpcServer(
  master: Master,
  address: string,
  options: GrpcServerOptions = {},
): Promise<string> {
  const { maxMessageMb = 100, print = (line) => process.stdout.write(`${line}\n`) } = options;
  const listening = await master.listenGrpc(address, messageBytes(maxMessageMb));
  // The tutorial waits for the first line, scripts of the releases for the second.
  print(`Serving gRPC start success, listening on ${listening}`);
  print(`Serving: Serving gRPC server start success, listening on ${listening}`);
  return listening;
}
