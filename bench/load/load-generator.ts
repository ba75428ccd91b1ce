/** A load generator: a process of its own that repeats one call as fast as it is answered. */

export interface LoadRun {
  /** `host:port` of the server. */
  readonly address: string;
  /** gRPC over HTTP/2, or HTTP/1.1. */
  readonly transport: 'grpc' | 'http';
  readonly headers: Readonly<Record<string, string>>;
  /** `/package.Service/Method`, or a path of the HTTP port. */
  readonly path: string;
  /** Files that hold the bodies of the request and of the expected reply; with gRPC's prefix of five bytes. */
  readonly requestFile: string;
  readonly replyFile: string;
  readonly connections: number;
  /** Calls in flight on each connection; over HTTP/1.1 each takes one of its own. */
  readonly streams: number;
  readonly seconds: number;
}

export interface LoadResult {
  /** Answered, all of them rightly. */
  readonly requests: number;
  readonly requestsPerSecond: number;
  readonly latencyP50Us: number;
  readonly latencyP99Us: number;
  /** CPU time the generator itself took. */
  readonly cpuMicros: number | undefined;
}

export interface LoadGenerator {
  /** Name and version. */
  readonly name: string;
  /** @throws WrongReply, or Error when the generator did not work */
  run(run: LoadRun): Promise<LoadResult>;
}

/** A server answered, but not as expected: its figures are worthless. */
export class WrongReply extends Error {
  override readonly name = 'WrongReply';
}

/** The value below which a share of the sorted values lies. */
export function percentile(sorted: ArrayLike<number>, share: number): number {
  if (sorted.length === 0) return NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}
