/** Which letter comes next: the most probable one, or one that is drawn. */

/** Fitness of each token as the next one → the token. */
export type Chooser = (logits: Float32Array) => number;

export const mostProbable: Chooser = (logits) => logits.indexOf(Math.max(...logits));

/**
 * Draws each letter as often as it is probable; below a temperature of 1, the probable ones more often than that.
 * Of the same logits, the same seed always draws the same.
 */
export function drawing(temperature: number, seed: number): Chooser {
  const random = randomNumbers(seed);
  return (logits) => {
    const greatest = Math.max(...logits);
    const weights = Array.from(logits, (logit) => Math.exp((logit - greatest) / temperature));
    let left = random() * weights.reduce((sum, weight) => sum + weight, 0);
    const drawn = weights.findIndex((weight) => (left -= weight) < 0);
    // What rounding leaves of the sum is nobody's share.
    return drawn === -1 ? mostProbable(logits) : drawn;
  };
}

/** Numbers from 0 up to 1: the generator mulberry32, whose 32 bits of state are the seed. */
function randomNumbers(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let bits = Math.imul(state ^ (state >>> 15), 1 | state);
    bits = (bits + Math.imul(bits ^ (bits >>> 7), 61 | bits)) ^ bits;
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}
