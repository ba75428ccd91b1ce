/** A side that is a server under load: the figures of throughput, CPU time and latency. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bar, Bench, Figure, Measurement, RunningSide, Side } from '../case.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { cpuMicros, threadCpuMicros } from '../system/process-accounting.ts';
import { WrongReply, type LoadResult } from './load-generator.ts';
import type { Wire } from './wire.ts';

/** A call, how many of it at a time, and what makes its reply right. */
export interface Workload {
  readonly wire: Wire;
  readonly path: string;
  readonly request: Uint8Array;
  /** In the request. */
  readonly instances: number;
  /** @throws WrongReply */
  readonly check: (reply: Uint8Array) => void;
  readonly connections: number;
  /** Calls in flight on each connection. */
  readonly streams: number;
  /** Of the server, where their CPU time is asked for. */
  readonly executors?: number;
  /** Fewer where most of the time is native code. @default 20000 */
  readonly warmUpRequests?: number;
}

/** The compiler settles after so many calls rather than so much time: on a busy machine, CPU time halves on the way. */
const defaultWarmUpRequests = 20_000;
const maxWarmUpRounds = 4;

/** The figures of sides that are compared by requests. */
export function servedFigures(throughputBar: Bar | null, latencyBar: Bar | null = null): Figure[] {
  return [
    { name: 'cpu_us_per_request', unit: 'µs', better: 'less', bar: null },
    { name: 'requests_per_second', unit: 'requests/s', better: 'more', bar: throughputBar },
    ...latencyFigures(latencyBar),
  ];
}

/** The figures of sides that are compared by instances. */
export function instanceFigures(bar: Bar | null): Figure[] {
  return [
    { name: 'cpu_us_per_instance', unit: 'µs', better: 'less', bar: null },
    { name: 'instances_per_second', unit: 'instances/s', better: 'more', bar },
  ];
}

export function latencyFigures(medianBar: Bar | null): Figure[] {
  return [
    { name: 'latency_p50_us', unit: 'µs', better: 'less', bar: medianBar },
    { name: 'latency_p99_us', unit: 'µs', better: 'less', bar: null },
  ];
}

export function servedSide(
  name: string,
  workload: Workload,
  start: (bench: Bench) => Promise<RunningServer>,
): Side {
  return { name, start: async (bench) => ServedSide.begin(bench, workload, await start(bench)) };
}

class ServedSide implements RunningSide {
  readonly #bench: Bench;
  readonly #workload: Workload;
  readonly #server: RunningServer;
  readonly #files: { readonly requestFile: string; readonly replyFile: string };
  /** A reply that was looked into and found right; all others must be equal to it. */
  readonly #expected: Uint8Array;

  static async begin(bench: Bench, workload: Workload, server: RunningServer): Promise<RunningSide> {
    try {
      const reply = await workload.wire.call(server.address, workload.path, workload.request);
      workload.check(reply);
      return new ServedSide(bench, workload, server, reply);
    } catch (thrown) {
      await server.stop();
      throw thrown;
    }
  }

  private constructor(bench: Bench, workload: Workload, server: RunningServer, expected: Uint8Array) {
    this.#bench = bench;
    this.#workload = workload;
    this.#server = server;
    this.#expected = expected;
    const fileFor = (what: string) => join(bench.folder, `${server.pids[0]}-${what}.bin`);
    this.#files = { requestFile: fileFor('request'), replyFile: fileFor('reply') };
    writeFileSync(this.#files.requestFile, workload.wire.frame(workload.request));
    writeFileSync(this.#files.replyFile, workload.wire.frame(expected));
  }

  async warmUp(): Promise<void> {
    const { warmUpRequests = defaultWarmUpRequests } = this.#workload;
    let requests = 0;
    for (let round = 0; round < maxWarmUpRounds && requests < warmUpRequests; round++)
      requests += (await this.#load(this.#bench.warmUpSeconds)).requests;
  }

  async measure(): Promise<Measurement> {
    await this.#checkOne();
    const { pids } = this.#server;
    const before = { all: cpuMicros(pids), threads: threadCpuMicros(pids) };
    const load = await this.#load(this.#bench.seconds);
    const cpu = since(before.all, cpuMicros(pids));
    const ofThreads = spentByThreads(before.threads, threadCpuMicros(pids));
    await this.#checkOne();
    const { requests } = load;
    const { instances, executors } = this.#workload;
    return {
      cpu_us_per_request: over(cpu, requests),
      cpu_us_per_instance: over(cpu, requests * instances),
      executor_cpu_us_per_instance: over(busiest(ofThreads, executors), requests * instances),
      requests_per_second: load.requestsPerSecond,
      instances_per_second: load.requestsPerSecond * instances,
      latency_p50_us: load.latencyP50Us,
      latency_p99_us: load.latencyP99Us,
      generator_cpu_us_per_request: over(load.cpuMicros, requests),
    };
  }

  stop(): Promise<void> {
    return this.#server.stop();
  }

  #load(seconds: number): Promise<LoadResult> {
    const { wire, path, connections, streams } = this.#workload;
    const { address } = this.#server;
    const { transport, headers } = wire;
    const call = { address, transport, headers, path, connections, streams };
    return this.#bench.generator.run({ ...call, seconds, ...this.#files });
  }

  async #checkOne(): Promise<void> {
    const { wire, path, request } = this.#workload;
    const reply = await wire.call(this.#server.address, path, request);
    if (Buffer.compare(reply, this.#expected) === 0) return;
    throw new WrongReply(`${path} answered ${reply.byteLength} bytes that are not the expected ones`);
  }
}

function since(before: number | undefined, after: number | undefined): number | undefined {
  return before === undefined || after === undefined ? undefined : after - before;
}

function over(total: number | undefined, count: number): number | undefined {
  return total === undefined ? undefined : total / count;
}

function spentByThreads(before: ReadonlyMap<string, number>, after: ReadonlyMap<string, number>): number[] {
  return [...after].map(([thread, micros]) => micros - (before.get(thread) ?? 0));
}

/**
 * What the busiest threads took, as many as there are executors. The others are those of the JavaScript engine, which
 * collect garbage of all threads, the one of the network included.
 */
function busiest(threads: readonly number[], executors: number | undefined): number | undefined {
  if (executors === undefined || threads.length < executors) return undefined;
  return threads
    .toSorted((a, b) => b - a)
    .slice(0, executors)
    .reduce((sum, micros) => sum + micros, 0);
}
