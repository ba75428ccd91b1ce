/** The replica with the fewest batches in flight per executor; the first of equals. */
import type { ReplicaPicker } from './replica-picker.js';

export const pickFewestInFlight: ReplicaPicker = (candidates) =>
  candidates.reduce((best, candidate) =>
    candidate.inFlight / candidate.executors < best.inFlight / best.executors ? candidate : best,
  );
