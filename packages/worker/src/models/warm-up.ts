/** The first run of a model allocates what later ones use again: done before requests come. */
import { allocate, elementCount, firstLine, ServingError, StringTensor, Tensor } from '@serving/common';
import type { ModelPort, ModelTensor, Session } from '../sessions/session.js';
import type { LoadedModel } from './loaded-model.js';

/**
 * Runs each graph of the model once, on zeros; symbolic dimensions are 1.
 * @throws ServingError LOAD_FAILED when a run fails
 */
export async function warmUp({ graphs }: LoadedModel, shownAs: string): Promise<void> {
  for (const { session, file } of graphs) {
    try {
      await session.run(zeroInputs(session));
    } catch (cause) {
      throw new ServingError(
        'LOAD_FAILED',
        `model ${shownAs}: the warm-up run of ${file} on zeros failed: ${firstLine(cause)}; without warmUp: true it is loaded as it is`,
        { cause },
      );
    }
  }
}

/**
 * Zeros for every input; symbolic dimensions are 1.
 * @throws ServingError LOAD_FAILED for an input that may have any number of dimensions
 */
export function zeroInputs({ inputs }: Session): ModelTensor[] {
  return inputs.map(zeros);
}

function zeros({ name, dtype, shape }: ModelPort): ModelTensor {
  if (shape === undefined)
    throw new ServingError(
      'LOAD_FAILED',
      `input ${name} may have any number of dimensions, so that there are no zeros for it`,
    );
  const sizes = shape.map((dimension) => (typeof dimension === 'number' ? dimension : 1));
  const count = elementCount(sizes) ?? 0;
  if (dtype === 'string')
    return new StringTensor(
      sizes,
      Array.from({ length: count }, () => ''),
    );
  return new Tensor(dtype, sizes, allocate(dtype, count));
}
