/**
 * Whether dimension 0 is the batch. Instances of strangers share a run along it, so what is none would mix their values
 * into answers that look right; the names of symbolic dimensions say which ones are the same.
 */
import { nameless, type ModelPort, type Session } from '../sessions/session.js';

/**
 * Names that exporters make up as they go, one for each input and output (tf2onnx, Paddle2ONNX, torch.onnx.export): they say
 * as little as none.
 */
const madeUp = /^(?:unk__\d+|(?:p2o\.)?DynamicDimension\.\d+|.+_dynamic_axes_\d+)$/;

type Dimension = number | string;

function symbolsOf({ shape = [] }: ModelPort): Dimension[] {
  const symbolOf = (dimension: Dimension) =>
    typeof dimension === 'string' && madeUp.test(dimension) ? nameless : dimension;
  return shape.map(symbolOf);
}

/**
 * Whether a model that nobody has declared takes any number of instances a run: one symbolic dimension is dimension 0 of
 * all inputs and outputs and nothing else besides. That of a square matrix, of an input that is looked up in, or of an
 * output that has as many rows as values allow, is none. Without a name it may be that of one input only: of several,
 * nobody knows whether they are the same.
 */
export function isFreelyBatched({ inputs, outputs }: Session): boolean {
  const [given, made] = [inputs.map(symbolsOf), outputs.map(symbolsOf)];
  const batch = given[0]?.[0];
  if (typeof batch !== 'string' || (batch === nameless && inputs.length > 1)) return false;
  const isOnlyFirst = (shape: readonly Dimension[]) => shape.lastIndexOf(batch) <= 0;
  if (!given.every((shape) => shape[0] === batch && isOnlyFirst(shape))) return false;
  // Exporters that are told of the inputs' batch only call that of an output something.
  const isBatch = (shape: readonly Dimension[]) =>
    shape[0] === batch || (saysBatch.test(batch) && typeof shape[0] === 'string');
  return made.every((shape) => isBatch(shape) && isOnlyFirst(shape));
}

const saysBatch = /batch/i;

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
