/** A load generator: a process of its own that repeats one unary gRPC call as fast as it is answered. */

export interface LoadRun {
  /** `host:port` of the server. */
  readonly address: string;
  /** `/package.Service/Method`. */
  readonly path: string;
  /** Files that hold the request and the expected reply as gRPC sends them: with the prefix of five bytes. */
  readonly requestFile: string;
  readonly replyFile: string;
  readonly connections: number;
  /** Calls in flight on each connection. */
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

/** A message as gRPC sends it: not compressed, length, bytes. */
export function grpcFrame(message: Uint8Array): Buffer {
  const frame = Buffer.alloc(5 + message.byteLength);
  frame.writeUInt32BE(message.byteLength, 1);
  frame.set(message, 5);
  return frame;
}
