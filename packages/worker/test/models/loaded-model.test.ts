import { expect, test } from '@jest/globals';
import type { ModelDefinition } from '../../src/definition/definition.js';
import { isFreelyBatched, understandModel as understand } from '../../src/models/loaded-model.js';
import { doubled, FakeSession, modelDefinition as definition } from '../execution/batch.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

type Shapes = ConstructorParameters<typeof FakeSession>[0];
/** A model of one file. */
const understandModel = (given: ModelDefinition, one: FakeSession) => understand(given, [one]).graphs[0]!;
const session = (inputs: Shapes, outputs: Shapes) => new FakeSession(inputs, outputs, doubled);

test('a symbolic dimension 0 takes any number of instances', () => {
  const model = understandModel(definition, session([['N', 2]], [['batch', 'M']]));
  expect(model).toMatchObject({ batched: true, batchSize: 0 });
  expect([model.inputs[0]!.shape, model.outputs[0]!.shape]).toEqual([[2], ['M']]);
});

test('a fixed dimension 0 of any input or output is the batch size', () => {
  expect(understandModel(definition, session([['N', 2], [4]], [['N']]))).toMatchObject({ batchSize: 4 });
});

test('without a batch dimension, an instance is the whole input', () => {
  const model = understandModel({ ...definition, withBatchDim: false }, session([[], [2, 2]], [['N']]));
  expect(model).toMatchObject({ batched: false, batchSize: 1 });
  expect(model.inputs.map(({ shape }) => shape)).toEqual([[], [2, 2]]);
});

test.each([
  [
    session([['N'], []], [['N']]),
    'x1 is a scalar and has no batch dimension; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  ],
  [
    session([['N']], [[]]),
    'y0 is a scalar and has no batch dimension; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  ],
  [
    session([[4]], [[5]]),
    'the batch sizes 4 and 5 of its inputs and outputs differ; declare it with withBatchDim: false, or name the inputs without a batch dimension in withoutBatchDimInputs',
  ],
  [
    session([[0]], [['N']]),
    'the batch size 0, dimension 0 of its inputs and outputs, holds no instance; declare the model with withBatchDim: false, or export it with a symbolic dimension',
  ],
])('a batch dimension that makes no sense is refused %#', (given, text) => {
  expect(() => understandModel(definition, given)).toThrow(
    servingError('LOAD_FAILED', `model m.onnx: ${text}`),
  );
});

test('freely batched is what has a symbolic dimension 0 everywhere', () => {
  expect(isFreelyBatched(session([['N', 2], ['N']], [['?']]))).toBe(true);
  expect(isFreelyBatched(session([['N'], [1]], [['N']]))).toBe(false);
  expect(isFreelyBatched(session([['N']], [[]]))).toBe(false);
});
