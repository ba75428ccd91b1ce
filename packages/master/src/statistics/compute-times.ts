/** What a batch took in an executor, apart by what comes before, in and after its models. */
import type { StageDuration } from '@serving/common';

export interface ComputeTimes {
  /** Stages before the first model. */
  readonly inputMs: number;
  /** From the first model to the last; all stages of a method without one. */
  readonly inferMs: number;
  /** Stages after the last model. */
  readonly outputMs: number;
}

export function computeTimes(stages: readonly StageDuration[]): ComputeTimes {
  const first = stages.findIndex(({ model }) => model);
  if (first === -1) return { inputMs: 0, inferMs: sumMs(stages, 0, stages.length), outputMs: 0 };
  const end = stages.findLastIndex(({ model }) => model) + 1;
  return {
    inputMs: sumMs(stages, 0, first),
    inferMs: sumMs(stages, first, end),
    outputMs: sumMs(stages, end, stages.length),
  };
}

function sumMs(stages: readonly StageDuration[], from: number, to: number): number {
  let micros = 0;
  for (let i = from; i < to; i++) micros += stages[i]!.micros;
  return micros / 1000;
}
