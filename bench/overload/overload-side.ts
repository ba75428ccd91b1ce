/** A side that is a server under more load than it can bear: what it still answers, how it refuses, what it holds. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Measurement, RunningSide, Side } from '../case.ts';
import { outputOf } from '../load/child-output.ts';
import { WrongReply } from '../load/load-generator.ts';
import type { Workload } from '../load/served-side.ts';
import { grpc } from '../load/wire.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { residentMib } from '../system/process-accounting.ts';

const program = fileURLToPath(new URL('open-loop.mjs', import.meta.url));
const leadInSeconds = 1;
const graceMs = 30_000;
const sampleMs = 200;

interface Report {
  readonly errors: number;
  readonly firstError?: string;
  readonly seconds: number;
  readonly started: number;
  readonly answered: number;
  readonly refused: number;
  readonly refusalP50Ms: number | null;
  readonly refusalP99Ms: number | null;
}

export interface Overload {
  readonly workload: Omit<Workload, 'connections' | 'streams'>;
  readonly callsPerSecond: number;
  readonly start: (bench: Bench) => Promise<RunningServer>;
}

export function overloadSide(name: string, overload: Overload): Side {
  return { name, start: async (bench) => beginOverload(bench, overload, await overload.start(bench)) };
}

async function beginOverload(
  bench: Bench,
  { workload, callsPerSecond }: Overload,
  server: RunningServer,
): Promise<RunningSide> {
  try {
    const { path, request } = workload;
    const reply = await grpc.call(server.address, path, request);
    workload.check(reply);
    const [requestFile, replyFile] = ['request', 'reply'].map((what) =>
      join(bench.folder, `overload-${what}.bin`),
    ) as [string, string];
    writeFileSync(requestFile, grpc.frame(request));
    writeFileSync(replyFile, grpc.frame(reply));
    const { headers } = grpc;
    const run = { address: server.address, headers, path, requestFile, replyFile, perSecond: callsPerSecond };
    return {
      // Of a fixed length, as what it brings to its steady state is the memory.
      warmUp: async () =>
        void (await openLoop(bench, { ...run, leadInSeconds, seconds: bench.warmUpSeconds })),
      measure: () => measure(bench, server, { ...run, leadInSeconds, seconds: bench.seconds }),
      stop: () => server.stop(),
    };
  } catch (thrown) {
    await server.stop();
    throw thrown;
  }
}

type OpenLoopRun = Record<string, unknown> & { readonly seconds: number };

async function openLoop({ children }: Bench, run: OpenLoopRun): Promise<Report> {
  const limitMs = (leadInSeconds + run.seconds) * 1000 + graceMs;
  const args = [program, JSON.stringify(run)];
  const report = JSON.parse(await outputOf(children, process.execPath, args, limitMs)) as Report;
  if (report.errors > 0 || report.answered === 0)
    throw new WrongReply(
      `${report.errors} calls went wrong, ${report.answered} were answered; the first: ${report.firstError ?? 'none'}`,
    );
  return report;
}

async function measure(bench: Bench, { pids }: RunningServer, run: OpenLoopRun): Promise<Measurement> {
  const before = residentMib(pids);
  let most = before;
  const sampler = setInterval(() => {
    const now = residentMib(pids);
    if (now !== undefined && most !== undefined && now > most) most = now;
  }, sampleMs);
  try {
    const report = await openLoop(bench, run);
    return {
      goodput_per_second: report.answered / report.seconds,
      refusal_p50_ms: report.refusalP50Ms ?? undefined,
      refusal_p99_ms: report.refusalP99Ms ?? undefined,
      calls_per_second: report.started / report.seconds,
      rss_growth_mib: most === undefined || before === undefined ? undefined : most - before,
      rss_most_mib: most,
    };
  } finally {
    clearInterval(sampler);
  }
}
