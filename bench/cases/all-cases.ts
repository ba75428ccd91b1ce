/** The table of cases, in the order they run. A new one is a file beside this one and a line here. */
import type { BenchCase } from '../case.ts';
import { clusterLatency, oneProcessLatency } from './latency.ts';
import { batching, busyExecutors, convolutions, perceptron } from './models.ts';
import { overload } from './overload.ts';
import { jpegPictures, packedPictures } from './pictures.ts';
import { protocols } from './protocols.ts';
import { routing } from './routing.ts';
import { eightWorkers, sixtyFourWorkers } from './scaling.ts';
import { clusterStartUp, startUp } from './start-up.ts';
import { batchedAdd, clusterAdd, tutorialAdd } from './tutorial-add.ts';

export const allCases: readonly BenchCase[] = [
  tutorialAdd,
  batchedAdd,
  clusterAdd,
  convolutions,
  perceptron,
  ...protocols,
  batching,
  busyExecutors,
  oneProcessLatency,
  clusterLatency,
  eightWorkers,
  sixtyFourWorkers,
  routing,
  overload,
  startUp,
  clusterStartUp,
  packedPictures,
  jpegPictures,
];
