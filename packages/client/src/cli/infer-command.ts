/** `serving-client infer`: reads instances, sends them, prints the results. */
import { ServingError } from '@serving/common';
import { Client } from '../client.js';
import { InferError } from '../infer-error.js';
import type { InferResult } from '../infer-result.js';
import type { Instance } from '../values/input-value.js';
import { parseInstances } from './input/parse-instances.js';
import { resultJson } from './output/print-json.js';
import { resultTable } from './output/print-table.js';
import { readInput, type InputStream } from './input/read-input.js';

export interface Streams {
  readonly stdin: InputStream;
  readonly writeOut: (text: string) => void;
  readonly writeError: (text: string) => void;
}

export interface InferRequest {
  readonly address: string;
  readonly servable: string;
  readonly method: string;
  /** A path, `-` for standard input. */
  readonly input?: string;
  readonly json: boolean;
  readonly version: bigint;
  readonly deadlineMs: number;
}

/** Exit codes: everything succeeded, something failed at or on the way to the server, the input or options are wrong. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const;

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
    const problem = describeProblem(thrown);
    if (problem === undefined) throw thrown;
    streams.writeError(`serving-client: ${problem.text}\n`);
    return problem.exitCode;
  }
}

async function send(request: InferRequest, instances: readonly Instance[]): Promise<InferResult[]> {
  const { address, servable, method, version, deadlineMs } = request;
  const client = new Client(address, servable, method, { version, deadlineMs });
  try {
    return await client.infer(instances);
  } finally {
    client.close();
  }
}

/** Undefined for a fault of this program, which deserves its stack. */
function describeProblem(thrown: unknown): { readonly text: string; readonly exitCode: number } | undefined {
  if (thrown instanceof ServingError) return { text: thrown.message, exitCode: exitCodes.usage };
  if (!(thrown instanceof InferError)) return undefined;
  const hint = hints[thrown.code];
  const text = hint === undefined ? thrown.message : `${thrown.message}; ${hint}`;
  // Without a status nothing was sent: the instances themselves are wrong.
  return { text, exitCode: thrown.grpcStatus === undefined ? exitCodes.usage : exitCodes.failed };
}

const hints: Readonly<Partial<Record<InferError['code'], string>>> = {
  UNAVAILABLE: 'check that the server is running and that this is the address of its gRPC port',
  UNIMPLEMENTED: "check that this is the server's gRPC port for inference, not another of its ports",
  DEADLINE_EXCEEDED: 'give it longer with --deadline',
};
