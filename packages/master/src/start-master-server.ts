/** Starts a master's cluster port and says so on standard output. */
import type { Master } from './master.js';

export interface MasterServerOptions {
  /** Takes the start line. @default writes it to standard output */
  readonly print?: (line: string) => void;
}

/**
 * Listens for workers at `port`, `host:port` or `unix:path`; the counterpart of MindSpore Serving's
 * `start_master_server`. Resolves with the address in use (the real port when 0 was asked for).
 * @throws ServingError CONFIG_INVALID for an address that makes no sense, ADDRESS_UNAVAILABLE for one in use
 */
export async function startMasterServer(
  master: Master,
  address: string,
  { print = (line) => process.stdout.write(`${line}\n`) }: MasterServerOptions = {},
): Promise<string> {
  const listening = await master.listenCluster(address);
  print(`Serving: Serving master server start success, listening on ${listening}`);
  return listening;
}
