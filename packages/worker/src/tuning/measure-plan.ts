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
  /** The method to measure; undefined for the only one that is not streaming. */
  readonly method: string | undefined;
  readonly sizesOf: (method: MethodSignature) => readonly number[];
  readonly blockOf: (method: MethodSignature, count: number) => Block;
  /** Time for each batch size. */
  readonly durationMs: number;
  readonly signal: AbortSignal;
  /** Told of the method before it is measured, and of streaming ones that were no choice. @throws ServingError when it cannot be */
  readonly onMethod: (method: MethodSignature, leftOut: readonly MethodSignature[]) => void;
  readonly onMeasured: (measurement: Measurement) => void;
  /** A thread is inside native code and does not come out. */
  readonly onStuck: () => void;
}

/**
 * Batches for each executor before the first measurement of a plan. Its threads are new, and a thread is many times as
 * fast after some thousand batches, when its code is compiled, as at first: the size that is measured first would seem
 * slow.
 */
const warmUpBatches = 3000;

/** Longest time for these, as a multiple of a measurement's: models that take long are not much faster afterwards. */
const warmUpMeasurements = 2;

/** Time before each measurement, as a part of it: what larger batches need is allocated. */
const sizeUpShare = 0.2;

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
  const { method, leftOut } = chooseMethod(replica.methods, options.method);
  options.onMethod(method, leftOut);
  const busy = new BusyReplica(replica, method.name);
  let isWarm = false;
  for (const batchSize of options.sizesOf(method)) {
    const block = options.blockOf(method, batchSize);
    if (!isWarm) {
      const batches = warmUpBatches * replica.executors;
      await busy.run(block, { batches, durationMs: warmUpMeasurements * durationMs }, signal);
      isWarm = true;
    }
    await busy.run(block, { durationMs: sizeUpShare * durationMs }, signal);
    if (signal.aborted) return;
    const runs = await busy.run(block, { durationMs }, signal);
    if (signal.aborted) return;
    options.onMeasured(measurementOf(plan, batchSize, runs));
    // Larger ones would take longer still than each may.
    if (percentile(runs.batchMs, 0.5) > durationMs) return;
  }
}

/**
 * A streaming method is none to measure: how many responses it gives, and how long they take, is up to what it is asked.
 * @throws ServingError CONFIG_INVALID naming those there are
 */
function chooseMethod(methods: readonly MethodSignature[], wanted: string | undefined) {
  const streaming = methods.filter((method) => method.streaming === true);
  const plain = methods.filter((method) => method.streaming !== true);
  const [first] = plain;
  if (wanted === undefined && plain.length === 1) return { method: first!, leftOut: streaming };
  const found = plain.find(({ name }) => name === wanted);
  if (found !== undefined) return { method: found, leftOut: [] };
  const among = plain.length === 0 ? 'a method that is not streaming' : `one of ${namesOf(plain)}`;
  const besides =
    streaming.length === 0 ? '' : `; ${namesOf(streaming)}: streaming, which cannot be measured`;
  throw new ServingError(
    'CONFIG_INVALID',
    `--method: expected ${among}, given ${wanted ?? 'none'}${besides}`,
  );
}

function namesOf(methods: readonly MethodSignature[]): string {
  return methods.map(({ name }) => name).join(', ');
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
