/**
 * Whether dimension 0 is the batch. Instances of strangers share a run along it, so what is none would mix their values
 * into answers that look right; the names of symbolic dimensions say which ones are the same.
 */
import { nameless, type ModelPort, type Session } from '../sessions/session.js';

/**
 * Names that exporters number as they go (tf2onnx, paddle2onnx): the batch of each input and output gets one of its own,
 * so they say as little as none.
 */
const numbered = /^(?:unk__\d+|DynamicDimension\.\d+)$/;

type Dimension = number | string;

function symbolsOf({ shape = [] }: ModelPort): Dimension[] {
  const symbolOf = (dimension: Dimension) =>
    typeof dimension === 'string' && numbered.test(dimension) ? nameless : dimension;
  return shape.map(symbolOf);
}

/**
 * Whether a model that nobody has declared takes any number of instances a run: one symbolic dimension is dimension 0 of
 * all inputs and outputs and nothing else besides. That of a square matrix, of an input that is looked up in, or of an
 * output that has as many rows as values allow, is none.
 */
export function isFreelyBatched({ inputs, outputs }: Session): boolean {
  const shapes = [...inputs, ...outputs].map(symbolsOf);
  const batch = inputs.length === 0 ? undefined : shapes[0]![0];
  if (typeof batch !== 'string') return false;
  return shapes.every((shape) => shape[0] === batch && shape.lastIndexOf(batch) === 0);
}

/** Inputs whose dimension 0 has names that differ, `a M and b K`; undefined when it can be one batch. */
export function differentBatches(inputs: readonly ModelPort[]): string | undefined {
  const named = new Map<string, string>();
  for (const input of inputs) {
    const [first] = symbolsOf(input);
    if (typeof first === 'string' && first !== nameless && !named.has(first)) named.set(first, input.name);
  }
  if (named.size < 2) return undefined;
  return [...named].map(([symbol, input]) => `${input} ${symbol}`).join(' and ');
}
