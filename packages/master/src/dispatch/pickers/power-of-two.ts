/**
 * The one with fewer batches in flight per executor of two that were drawn (Mitzenmacher, "The Power of Two Choices in
 * Randomized Load Balancing", 2001): several masters that share workers do not all run to the same one.
 */
import { loadOf, type ReplicaPicker } from './replica-picker.js';

/** @param random numbers in [0, 1) */
export function createPowerOfTwo(random: () => number): ReplicaPicker {
  return (candidates) => {
    const all = [...candidates];
    const first = Math.floor(random() * all.length);
    const second = (first + 1 + Math.floor(random() * (all.length - 1))) % all.length;
    const [a, b] = [all[first]!, all[second]!];
    return loadOf(b) < loadOf(a) ? b : a;
  };
}
