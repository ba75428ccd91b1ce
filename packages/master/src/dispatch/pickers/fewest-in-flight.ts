/** The replica with the fewest batches in flight per executor; the first of equals. */
import { loadOf, type ReplicaPicker } from './replica-picker.js';

export const pickFewestInFlight: ReplicaPicker = (candidates) =>
  candidates.reduce((best, candidate) => (loadOf(candidate) < loadOf(best) ? candidate : best));
