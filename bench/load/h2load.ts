/**
 * h2load (Debian: nghttp2-client) as the load generator: written in C, it leaves the cores to the servers. It looks at
 * the HTTP status only; that replies are right is seen from the number of bytes here, and by calls before and after.
 */
import { readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcesses } from '../servers/child-processes.ts';
import { endedChildrenCpuMicros } from '../system/process-accounting.ts';
import { outputOf } from './child-output.ts';
import {
  percentile,
  WrongReply,
  type LoadGenerator,
  type LoadResult,
  type LoadRun,
} from './load-generator.ts';

/** What a run may take beyond its measured time. */
const graceMs = 20_000;

/** The generator, or undefined when h2load is not installed. */
export async function h2load(children: ChildProcesses, folder: string): Promise<LoadGenerator | undefined> {
  try {
    const version = await outputOf(children, 'h2load', ['--version'], graceMs);
    const name = version.trim().replace('nghttp2/', '');
    return { name, run: (run) => runH2load(children, join(folder, 'h2load.log'), run) };
  } catch {
    return undefined;
  }
}

async function runH2load(children: ChildProcesses, logFile: string, run: LoadRun): Promise<LoadResult> {
  const cpuBefore = endedChildrenCpuMicros();
  // It appends to the log.
  rmSync(logFile, { force: true });
  const output = await outputOf(children, 'h2load', argumentsFor(run, logFile), run.seconds * 1000 + graceMs);
  const cpuAfter = endedChildrenCpuMicros();
  const { done, perSecond } = readCounts(output, statSync(run.replyFile).size);
  const latencies = readLatencies(logFile);
  return {
    requests: done,
    requestsPerSecond: perSecond,
    latencyP50Us: percentile(latencies, 0.5),
    latencyP99Us: percentile(latencies, 0.99),
    cpuMicros: cpuBefore === undefined || cpuAfter === undefined ? undefined : cpuAfter - cpuBefore,
  };
}

function argumentsFor(run: LoadRun, logFile: string): string[] {
  const { address, path, transport, headers, requestFile, connections, streams, seconds } = run;
  const isGrpc = transport === 'grpc';
  return [
    `--duration=${Math.round(seconds * 1000)}ms`,
    ...(isGrpc
      ? [`--clients=${connections}`, `--max-concurrent-streams=${streams}`]
      : ['--h1', `--clients=${connections * streams}`, '--max-concurrent-streams=1']),
    `--data=${requestFile}`,
    ...Object.entries(headers).map(([name, value]) => `--header=${name}: ${value}`),
    `--log-file=${logFile}`,
    `http://${address}${path}`,
  ];
}

/** @throws WrongReply */
function readCounts(output: string, replyBytes: number): { done: number; perSecond: number } {
  const requests =
    /requests: \d+ total, (\d+) started, (\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(
      output,
    );
  const perSecond = Number(/finished in [^,]+, ([\d.]+) req\/s/.exec(output)?.[1]);
  const data = Number(/\((\d+)\) data/.exec(output)?.[1]);
  if (requests === null || Number.isNaN(perSecond) || Number.isNaN(data))
    throw new Error(`h2load printed something else than expected:\n${output}`);
  const [started, done, succeeded, failed, errored, timedOut] = requests.slice(1).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  if (done === 0 || succeeded !== done || failed + errored + timedOut > 0)
    throw new WrongReply(`h2load counted failures:\n${requests[0]}`);
  // What is in flight when the time is over may or may not have sent its bytes. An error in a trailer sends none.
  if (data < done * replyBytes || data > started * replyBytes)
    throw new WrongReply(
      `${done} of ${started} requests answered with ${data} bytes in all: expected ${replyBytes} each`,
    );
  return { done, perSecond };
}

/** Sorted, in microseconds. The log's columns: start, status, duration. */
function readLatencies(logFile: string): Float64Array {
  const lines = readFileSync(logFile, 'utf8').trimEnd().split('\n');
  return Float64Array.from(lines, (line) => Number(line.slice(line.lastIndexOf('\t') + 1))).toSorted();
}
