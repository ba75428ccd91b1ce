/** `serving-client infer`: reads instances, sends them, prints the results. */
import { Client } from '../client.js';
import type { InferResult } from '../infer-result.js';
import type { Instance } from '../values/input-value.js';
import { parseInstances } from './input/parse-instances.js';
import { resultJson } from './output/print-json.js';
import { resultTable } from './output/print-table.js';
import { readInput } from './input/read-input.js';
import { exitCodes, reportProblem, type Hints } from './report-problem.js';
import type { Streams } from './streams.js';

export interface InferRequest {
  readonly address: string;
  readonly servable: string;
  readonly method: string;
  /** A path, `-` for standard input. */
  readonly input?: string;
  readonly json: boolean;
  readonly version: bigint;
  readonly deadlineMs: number;
  readonly priority?: number;
}

/** Resolves to the exit code; what went wrong is one line on the error stream. */
export async function inferCommand(request: InferRequest, streams: Streams): Promise<number> {
  try {
    const results = await send(request, parseInstances(await readInput(request.input, streams.stdin)));
    streams.writeOut(request.json ? resultJson(results) : resultTable(results));
    const failed = results.filter((result) => !result.ok).length;
    if (failed === 0) return exitCodes.ok;
    streams.writeError(`serving-client: ${failed} of ${results.length} instances failed\n`);
    return exitCodes.failed;
  } catch (thrown) {
    return reportProblem(thrown, hints, streams);
  }
}

async function send(request: InferRequest, instances: readonly Instance[]): Promise<InferResult[]> {
  const { address, servable, method, version, deadlineMs, priority } = request;
  const client = new Client(address, servable, method, { version, deadlineMs });
  try {
    return await client.infer(instances, priority === undefined ? {} : { priority });
  } finally {
    client.close();
  }
}

const hints: Hints = {
  UNAVAILABLE: 'check that the server is running and that this is the address of its gRPC port',
  UNIMPLEMENTED: "check that this is the server's gRPC port for inference, not another of its ports",
  DEADLINE_EXCEEDED: 'give it longer with --deadline',
};
