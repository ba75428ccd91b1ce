/** The replica with the fewest batches in flight per executor; the first of equals. */
import { loadOf, type Candidate, type ReplicaPicker } from './replica-picker.js';

export const pickFewestInFlight: ReplicaPicker = (candidates) => {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    // None can be better, and there may be many.
    if (candidate.inFlight === 0) return candidate;
    if (best === undefined || loadOf(candidate) < loadOf(best)) best = candidate;
  }
  return best!;
};
