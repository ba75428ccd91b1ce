import { describe, expect, test } from '@jest/globals';
import type { ModelDefinition } from '../../src/definition/definition.js';
import { isFreelyBatched } from '../../src/models/batch-dimension.js';
import { understandModel as understand } from '../../src/models/loaded-model.js';
import { zeroInputs } from '../../src/models/warm-up.js';
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
  [
    session([['M', 'K'], ['?'], ['K', 'N']], [['M', 'N']]),
    'dimension 0 of its inputs has different names, x0 M and x2 K, and may not be the batch of all; declare it with withBatchDim: true if it is, and otherwise with withBatchDim: false, or name the inputs without a batch dimension in withoutBatchDimInputs',
  ],
  [
    session([['N'], undefined], [['N']]),
    'x1 may have any number of dimensions, and so none for the batch; declare the model with withBatchDim: false, or an input in withoutBatchDimInputs',
  ],
  [
    session([], [['N']]),
    'none of its inputs has a batch dimension, so that its outputs are those of a whole run; declare it with withBatchDim: false',
  ],
])('a batch dimension that makes no sense is refused %#', (given, text) => {
  expect(() => understandModel(definition, given)).toThrow(
    servingError('LOAD_FAILED', `model m.onnx: ${text}`),
  );
});

test('a model whose inputs are all shared has no batch', () => {
  const shared = { ...definition, withoutBatchDimInputs: [0, 1] };
  expect(() => understandModel(shared, session([[3], ['N']], [[3]]))).toThrow(
    servingError('LOAD_FAILED', /none of its inputs has a batch dimension, .* withBatchDim: false$/),
  );
});

test('inputs that are declared to have no batch dimension may have any name there', () => {
  const shared = { ...definition, withoutBatchDimInputs: [1] };
  const model = understandModel(
    shared,
    session(
      [
        ['M', 'K'],
        ['K', 'N'],
      ],
      [['M', 'N']],
    ),
  );
  expect(model.inputs.map(({ shape }) => shape)).toEqual([['K'], ['K', 'N']]);
});

test.each([
  ['outputs with a name of their own', session([['batch', 2]], [['batch_size', 2]])],
  ['inputs with a name and without', session([['batch'], ['?']], [['batch']])],
  ['names that an exporter numbers', session([['unk__1'], ['unk__2']], [['unk__3']])],
  ['a size beside a name', session([['N'], [4]], [['N']])],
])('a declared batch dimension may have %s', (_, given) => {
  expect(understandModel(definition, given)).toMatchObject({ batched: true });
});

describe('any number of dimensions', () => {
  test('may be those of a whole input, of a shared one, and of an output', () => {
    const whole = understandModel({ ...definition, withBatchDim: false }, session([undefined], [undefined]));
    expect([whole.inputs[0]!.shape, whole.outputs[0]!.shape]).toEqual([undefined, undefined]);
    const shared = { ...definition, withoutBatchDimInputs: [1] };
    const batched = understandModel(shared, session([['N', 2], undefined], [undefined]));
    expect(batched).toMatchObject({ batched: true, batchSize: 0 });
    expect(batched.inputs.map(({ shape }) => shape)).toEqual([[2], undefined]);
  });

  test('are no zeros', () => {
    expect(() => zeroInputs(session([['N'], undefined], [['N']]))).toThrow(
      servingError(
        'LOAD_FAILED',
        'input x1 may have any number of dimensions, so that there are no zeros for it',
      ),
    );
  });
});

describe('without a declaration, a model is batched', () => {
  test.each([
    ['of one name', session([['N', 2], ['N']], [['N', 'M']])],
    ['without a name', session([['?', 2]], [['?']])],
    ['numbered by its exporter', session([['unk__1', 2]], [['unk__12']])],
    ['numbered by another exporter', session([['DynamicDimension.0', 3]], [['DynamicDimension.1']])],
    ['and by its next release', session([['p2o.DynamicDimension.0', 3]], [['p2o.DynamicDimension.1']])],
    ['made of names', session([['x_dynamic_axes_1', 3]], [['y_dynamic_axes_1', 3]])],
    ['of a name that says so', session([['batch_size', 3], ['batch_size']], [['Gemmy_dim_0', 3]])],
  ])('if dimension 0 is one symbol: %s', (_, given) => {
    expect(isFreelyBatched(given)).toBe(true);
  });

  test.each([
    ['it has a size', session([['N'], [1]], [['N']])],
    ['an output is a scalar', session([['N']], [[]])],
    ['an output may have any rank', session([['N']], [undefined])],
    ['an input may have any rank', session([['N'], undefined], [['N']])],
    ['an input is a scalar', session([[], ['N']], [['N']])],
    ['there are no inputs', session([], [['N']])],
    [
      'it has two names: a MatMul',
      session(
        [
          ['M', 'K'],
          ['K', 'N'],
        ],
        [['M', 'N']],
      ),
    ],
    ['it has two names: a Gather', session([['N', 'K'], ['M']], [['M', 'K']])],
    ['several inputs have no name: a Gather', session([['unk__0', 2], ['unk__1']], [['unk__2', 2]])],
    ['several inputs have none at all', session([['?', 2], ['?']], [['?', 2]])],
    ['only some have a name', session([['N'], ['?']], [['N']])],
    ['an output has a name of its own: a Compress', session([['N']], [['M']])],
    ['an output has none: a Unique', session([['N']], [['?']])],
    ['an output has that of another dimension: a Transpose', session([['N', 'M']], [['M', 'N']])],
    ['it is another dimension too: every pair of rows', session([['N', 3]], [['N', 'N']])],
    [
      'others have no name either: a MatMul',
      session(
        [
          ['?', '?'],
          ['?', '?'],
        ],
        [['?', '?']],
      ),
    ],
  ])('but not if %s', (_, given) => {
    expect(isFreelyBatched(given)).toBe(false);
  });
});

test('dimension 0 of several names is the batch where the author says so', () => {
  const add = session(
    [
      ['a', 2],
      ['b', 2],
    ],
    [['c', 2]],
  );
  expect(() => understandModel(definition, add)).toThrow(/has different names, x0 a and x1 b/);
  expect(understandModel({ ...definition, isBatchDimStated: true }, add).batched).toBe(true);
  const exported = session(
    [
      ['a_dynamic_axes_1', 2],
      ['b_dynamic_axes_1', 2],
    ],
    [['c_dynamic_axes_1', 2]],
  );
  expect(understandModel(definition, exported).batched).toBe(true);
});

test('a batch of one whose inputs are all shared is a whole run', () => {
  const shared = { ...definition, withoutBatchDimInputs: [0] };
  expect(understandModel(shared, session([[3]], [[1, 3]])).batchSize).toBe(1);
  expect(() => understandModel(shared, session([[3]], [[2, 3]]))).toThrow(/none of its inputs has a batch/);
});
