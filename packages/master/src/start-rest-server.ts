/** Starts a master's HTTP front end and says so on standard output, in the words that scripts wait for. */
import type { Master } from './master.js';
import { messageBytes } from './message-bytes.js';

export interface RestServerOptions {
  /** Largest request, in MiB, 1 to 512. @default 100 */
  readonly maxMessageMb?: number;
  /**
   * Whether errors of MindSpore Serving's REST API have an HTTP status of their own. Its clients look for an `error_msg`
   * in replies of status 200, so change it only where none of them is used. @default false
   */
  readonly restStatusCodes?: boolean;
  /** Takes the start line. @default writes it to standard output */
  readonly print?: (line: string) => void;
}

/**
 * Serves MindSpore Serving's REST API, the Open Inference Protocol and TensorFlow Serving's REST API at `port`, `host:port` or `unix:path`; the
 * counterpart of MindSpore Serving's `start_restful_server`. Resolves with the address in use (the real port when 0 was
 * asked for).
 * @throws ServingError CONFIG_INVALID for an address or a size that makes no sense, ADDRESS_UNAVAILABLE for one in use
 */
export async function startRestServer(
  master: Master,
  address: string,
  options: RestServerOptions = {},
): Promise<string> {
  const { maxMessageMb = 100, restStatusCodes: statusCodes = false } = options;
  const { print = (line) => process.stdout.write(`${line}\n`) } = options;
  const listening = await master.listenRest(address, {
    maxMessageBytes: messageBytes(maxMessageMb),
    statusCodes,
  });
  print(`Serving: Serving RESTful server start success, listening on ${listening}`);
  return listening;
}
