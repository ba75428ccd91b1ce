/**
 * Weights with which all sums are exact in float32, whatever order they are taken in: then a reply has the same bytes at
 * every batch size, and can be compared with what a direct run gives. Sparse, which costs a dense product no less.
 */

/** Numbers with one fractional bit: each layer adds one to those of its input, and a float32 has 24. */
const taps = [1, -0.5] as const;

/** For each output two inputs, spread over all of them. [outputs, inputs] in C order, or the transpose. */
export function exactWeights(
  inputs: number,
  outputs: number,
  layout: 'by-output' | 'by-input',
): Float32Array {
  const weights = new Float32Array(inputs * outputs);
  for (let output = 0; output < outputs; output++) {
    for (const [tap, weight] of taps.entries()) {
      // Odd multipliers, so that outputs take inputs that lie far apart.
      const input = (output * 613 + tap * 271 + (output >> 3)) % inputs;
      weights[layout === 'by-output' ? output * inputs + input : input * outputs + output] = weight;
    }
  }
  return weights;
}

/** Small whole numbers. */
export function exactInput(count: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => (index * 5 + (index >> 4)) % 8);
}
