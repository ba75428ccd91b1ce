/** `serving-client infer`: reads instances, sends them, prints the results. */
import { ServingError } from '@serving/common';
import { Client, type InferOptions } from '../client.js';
import type { Instance } from '../values/input-value.js';
import { parseInstances } from './input/parse-instances.js';
import { outputsJson, resultJson } from './output/print-json.js';
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
  /** Whether to print a line for each response as it comes; of one instance. */
  readonly stream: boolean;
  readonly version: bigint;
  readonly deadlineMs: number;
  readonly priority?: number;
}

/** Resolves to the exit code; what went wrong is one line on the error stream. */
export async function inferCommand(request: InferRequest, streams: Streams): Promise<number> {
  try {
    const instances = parseInstances(await readInput(request.input, streams.stdin));
    return await (request.stream ? printStream : printResults)(request, instances, streams);
  } catch (thrown) {
    return reportProblem(thrown, hints, streams);
  }
}

async function printResults(
  request: InferRequest,
  instances: readonly Instance[],
  { writeOut, writeError }: Streams,
): Promise<number> {
  const results = await withClient(request, (client) => client.infer(instances, callOptions(request)));
  writeOut(request.json ? resultJson(results) : resultTable(results));
  const failed = results.filter((result) => !result.ok).length;
  if (failed === 0) return exitCodes.ok;
  writeError(`serving-client: ${failed} of ${results.length} instances failed\n`);
  return exitCodes.failed;
}

/** A response is a line of JSON: a table would have to know them all before the first. */
async function printStream(
  request: InferRequest,
  instances: readonly Instance[],
  { writeOut, drained }: Streams,
): Promise<number> {
  const [instance] = instances;
  if (instance === undefined || instances.length > 1)
    throw new ServingError('BAD_REQUEST', `expected one instance with --stream, given ${instances.length}`);
  await withClient(request, async (client) => {
    for await (const outputs of client.inferStream(instance, callOptions(request))) {
      writeOut(`${outputsJson(outputs)}\n`);
      // What its reader does not take stays with the server, which has a bound for it.
      await drained();
    }
  });
  return exitCodes.ok;
}

async function withClient<Result>(
  { address, servable, method, version, deadlineMs }: InferRequest,
  call: (client: Client) => Promise<Result>,
): Promise<Result> {
  const client = new Client(address, servable, method, { version, deadlineMs });
  try {
    return await call(client);
  } finally {
    client.close();
  }
}

function callOptions({ priority }: InferRequest): InferOptions {
  return priority === undefined ? {} : { priority };
}

const hints: Hints = {
  UNAVAILABLE: 'check that the server is running and that this is the address of its gRPC port',
  UNIMPLEMENTED: "check that this is the server's gRPC port for inference, not another of its ports",
  DEADLINE_EXCEEDED: 'give it longer with --deadline',
};
