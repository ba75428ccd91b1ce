/** Starts a master's HTTP front end and says so on standard output, in the words that scripts wait for. */
import { ServingError } from '@serving/common';
import type { Master } from './master.js';

export interface RestServerOptions {
  /** Largest request, in MiB, 1 to 512. @default 100 */
  readonly maxMessageMb?: number;
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
  const { maxMessageMb = 100, print = (line) => process.stdout.write(`${line}\n`) } = options;
  if (!(maxMessageMb >= 1 && maxMessageMb <= 512)) {
    throw new ServingError(
      'CONFIG_INVALID',
      `maxMessageMb: expected a number from 1 to 512, given ${maxMessageMb}`,
    );
  }
  const listening = await master.listenRest(address, {
    maxMessageBytes: Math.floor(maxMessageMb * 2 ** 20),
  });
  print(`Serving: Serving RESTful server start success, listening on ${listening}`);
  return listening;
}
