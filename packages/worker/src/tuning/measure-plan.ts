/** One plan of executors and threads on this machine: loads the servable, and times batches of each size. */
import { ServingError, type Block, type Logger, type MethodSignature } from '@serving/common';
import { LocalReplica, type ReplicaOptions } from '../local-replica.js';
import { percentile, type Measurement } from './best-measurement.js';
import { BusyReplica, type BatchRuns } from './busy-replica.js';
import type { ThreadPlan } from './plans.js';

export interface MeasureOptions {
  readonly replica: Pick<ReplicaOptions, 'directory' | 'servable' | 'version' | 'deviceType'> & {
    readonly logger: Logger;
  };
  /** The method to measure; undefined for the only one. */
  readonly method: string | undefined;
  readonly sizesOf: (method: MethodSignature) => readonly number[];
  readonly blockOf: (method: MethodSignature, count: number) => Block;
  /** Time for each batch size. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** Told of the method before it is measured. @throws ServingError when it cannot be */
  readonly onMethod: (method: MethodSignature) => void;
  readonly onMeasured: (measurement: Measurement) => void;
  /** A thread is inside native code and does not come out. */
  readonly onStuck: () => void;
}

/** Time before each measurement, as a part of it. */
const warmUpShare = 0.2;

/** How long threads may take to end, in milliseconds. */
const stopMs = 2000;

/** @throws ServingError when the servable cannot be loaded, has no such method, or fails on the inputs */
export async function measurePlan(plan: ThreadPlan, options: MeasureOptions): Promise<void> {
  const { signal, onStuck } = options;
  const replica = await LocalReplica.load({
    ...options.replica,
    executors: plan.executors,
    cores: plan.executors * plan.intraOpThreads,
    signal,
    onStuck,
  });
  try {
    await measureSizes(plan, replica, options);
  } finally {
    if (!(await replica.stop(stopMs))) onStuck();
  }
}

async function measureSizes(plan: ThreadPlan, replica: LocalReplica, options: MeasureOptions): Promise<void> {
  const { signal, durationMs } = options;
  const method = chooseMethod(replica.methods, options.method);
  options.onMethod(method);
  const busy = new BusyReplica(replica, method.name);
  for (const batchSize of options.sizesOf(method)) {
    const block = options.blockOf(method, batchSize);
    // First runs allocate what later ones use again, and are not compiled yet.
    await busy.run(block, warmUpShare * durationMs, signal);
    if (signal.aborted) return;
    const runs = await busy.run(block, durationMs, signal);
    if (signal.aborted) return;
    options.onMeasured(measurementOf(plan, batchSize, runs));
    // Larger ones would take longer still than each may.
    if (percentile(runs.batchMs, 0.5) > durationMs) return;
  }
}

/** @throws ServingError CONFIG_INVALID naming those there are */
function chooseMethod(methods: readonly MethodSignature[], wanted: string | undefined): MethodSignature {
  const [first] = methods;
  if (wanted === undefined && methods.length === 1) return first!;
  const found = methods.find(({ name }) => name === wanted);
  if (found !== undefined) return found;
  const names = methods.map(({ name }) => name).join(', ');
  throw new ServingError('CONFIG_INVALID', `--method: expected one of ${names}, given ${wanted ?? 'none'}`);
}

function measurementOf(plan: ThreadPlan, batchSize: number, { batchMs, elapsedMs }: BatchRuns): Measurement {
  return {
    ...plan,
    batchSize,
    batches: batchMs.length,
    instancesPerSecond: (batchMs.length * batchSize * 1000) / elapsedMs,
    p50Ms: percentile(batchMs, 0.5),
    p99Ms: percentile(batchMs, 0.99),
    memoryMib: process.memoryUsage.rss() / 2 ** 20,
  };
}
