/** What a model has done, as ModelStatistics tells it. */
import type { inference } from '@serving/common';
import type { ComputeTally } from '../../statistics/method-statistics.js';
import type { Tally } from '../../statistics/tally.js';
import type { Model } from './models.js';

export function statisticsOf({ name, route }: Model): inference.ModelStatistics {
  const { statistics, version } = route;
  const { succeeded, failed, queued, computed, batchesOfSize, instances, batches, lastAt } = statistics;
  return {
    name,
    version: String(version),
    lastInference: BigInt(lastAt),
    inferenceCount: BigInt(instances),
    executionCount: BigInt(batches),
    inferenceStats: {
      success: duration(succeeded),
      fail: duration(failed),
      queue: duration(queued),
      ...computeDurations(computed),
      cacheHit: none,
      cacheMiss: none,
    },
    batchStats: [...batchesOfSize]
      .toSorted(([a], [b]) => a - b)
      .map(([size, tally]) => ({ batchSize: BigInt(size), ...computeDurations(tally) })),
    memoryUsage: [],
    responseStats: new Map(),
  };
}

const none: inference.StatisticDuration = { count: 0n, ns: 0n };

function computeDurations({ input, infer, output }: ComputeTally) {
  return {
    computeInput: duration(input),
    computeInfer: duration(infer),
    computeOutput: duration(output),
  };
}

function duration({ count, ms }: Tally): inference.StatisticDuration {
  return { count: BigInt(count), ns: BigInt(Math.round(ms * 1e6)) };
}
