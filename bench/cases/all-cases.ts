/** The table of cases, in the order they run. A new one is a file beside this one and a line here. */
import type { BenchCase } from '../case.ts';
import { startUp } from './start-up.ts';
import { batchedAdd, clusterAdd, oneInFlight, tutorialAdd } from './tutorial-add.ts';

export const allCases: readonly BenchCase[] = [tutorialAdd, batchedAdd, clusterAdd, oneInFlight, startUp];
