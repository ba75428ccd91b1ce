/** C, D, E: models that cost something, against direct runs of them and against themselves without batching. */
import type { BenchCase, Figure } from '../case.ts';
import { directModelSide, servedModelSide } from '../models/model-servable.ts';
import { convModel, matmulModel, mlpModel } from '../models/models.ts';
import { instanceFigures } from '../load/served-side.ts';
import { atLeast, atMostTimes } from './bars.ts';

/** Of one thread each, in ours and in direct runs. */
const executors = 2;

export const convolutions: BenchCase = {
  name: 'C',
  title:
    'a convolutional model of several milliseconds an instance, 3×112×112 in, 10 out; 1 instance a request, 16 in flight, two executors',
  // A request takes a tenth of a second, and those in flight at the end do not count.
  seconds: 6,
  figures: instanceFigures(atLeast(0.9)),
  ours: servedModelSide('one process', convModel, { executors, inFlight: { connections: 1, streams: 16 } }),
  base: directModelSide('direct run at its best batch, two threads', convModel, {
    threads: executors,
    batches: [1, 2, 4, 8],
  }),
};

export const perceptron: BenchCase = {
  name: 'D',
  title: 'a perceptron 784-512-512-10; 32 instances a request, 8 in flight, two executors',
  seconds: 3,
  figures: instanceFigures(atLeast(0.5)),
  ours: servedModelSide('one process', mlpModel, {
    executors,
    instances: 32,
    inFlight: { connections: 1, streams: 8 },
  }),
  base: directModelSide('direct run at batch 32, two threads', mlpModel, {
    threads: executors,
    batches: [32],
  }),
};

const sixtyFour = { connections: 1, streams: 64 };
const withBatching = servedModelSide('one process', matmulModel, { executors, inFlight: sixtyFour });

export const batching: BenchCase = {
  name: 'E1',
  title: 'eight 1024×1024 MatMul+Relu layers; 1 instance a request, 64 in flight, two executors',
  seconds: 3,
  figures: instanceFigures(atLeast(4)),
  ours: withBatching,
  base: servedModelSide('one process with --max-batch-size 1', matmulModel, {
    executors,
    inFlight: sixtyFour,
    options: ['--max-batch-size', '1'],
  }),
};

const busyTime: Figure = {
  name: 'executor_cpu_us_per_instance',
  unit: 'µs',
  better: 'less',
  bar: atMostTimes(1.25),
};

export const busyExecutors: BenchCase = {
  name: 'E2',
  title:
    'the same: what executors are busy for an instance, as the CPU time of the busiest threads but the first, as many as there are executors',
  seconds: 3,
  figures: [busyTime, ...instanceFigures(null)],
  ours: withBatching,
  base: directModelSide('direct run at its best batch, two threads', matmulModel, {
    threads: executors,
    batches: [8, 16, 32, 64, 128],
  }),
};
