/** Methods that no request could pass are found when they are loaded; those that some could are left alone. */
import { describe, expect, test } from '@jest/globals';
import { StringTensor, Tensor, type Port, type Value } from '@serving/common';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import type { MethodDefinition, StageDefinition } from '../../src/definition/definition.js';
import type { LoadedModel } from '../../src/models/loaded-model.js';
import { checkMethod } from '../../src/servables/check-method.js';
import { signatureOf } from '../../src/servables/signature.js';
import type { ModelPort } from '../../src/sessions/session.js';
import { doubled, FakeSession, floats, functionStage, loaded, modelStage } from '../execution/batch.js';

type Ports = readonly (readonly [ModelPort['dtype'], ModelPort['shape']])[];

/** A model of any dtypes, without a batch dimension unless that is asked for. */
function modelOf(file: string, inputs: Ports, outputs: Ports, options = {}): LoadedModel {
  const session = new FakeSession([], [], doubled);
  const ports = (letter: string, given: Ports): ModelPort[] =>
    given.map(([dtype, shape], index) => ({ name: `${letter}${index}`, dtype, shape }));
  Object.assign(session, { inputs: ports('x', inputs), outputs: ports('y', outputs) });
  return loaded(session, { files: [file], withBatchDim: false, ...options });
}

interface Parts {
  readonly inputs?: readonly Port[];
  readonly outputs?: readonly (Port & { readonly slot: number })[];
  readonly stages: readonly StageDefinition[];
  readonly constant?: { readonly slot: number; readonly value: Value };
}

function method({ inputs = [{ name: 'x' }], outputs = [], stages, constant }: Parts): MethodDefinition {
  return {
    name: 'm',
    inputs,
    outputs,
    stages: stages.map((stage, index) => ({ ...stage, at: `s.ts:${index + 2}` })),
    constants: constant === undefined ? [] : [constant],
    slotCount: 10,
    idempotent: true,
    isDefault: false,
    isStreaming: false,
    batching: {},
    at: 's.ts:1',
  };
}

const modelsOf = (...models: readonly LoadedModel[]) =>
  new Map(models.map((model) => [model.definition, model] as const));

/** Input 0 goes to a and to b. */
const both = (a: LoadedModel, b: LoadedModel) => () =>
  checkMethod(method({ stages: [modelStage(a, [0], [1]), modelStage(b, [0], [2])] }), modelsOf(a, b));

/** What a gives goes to b. */
const chain = (a: LoadedModel, b: LoadedModel) => () =>
  checkMethod(method({ stages: [modelStage(a, [0], [1]), modelStage(b, [1], [2])] }), modelsOf(a, b));

const float = (shape: ModelPort['shape'], file = 'a.onnx') =>
  modelOf(file, [['float32', shape]], [['float32', shape]]);

describe('two models that contradict each other are a mistake', () => {
  test('in the dtype of an input that both take', () => {
    expect(both(float(['N', 2]), modelOf('b.onnx', [['int64', ['N', 2]]], [['int64', [1]]]))).toThrow(
      servingError(
        'LOAD_FAILED',
        's.ts:3: method m: input x0 of model b.onnx is int64 [N,2], but the same value is input x0 of model a.onnx, float32 [N,2]',
      ),
    );
  });

  test('in a dimension of what one gives and the other takes', () => {
    expect(chain(float(['N', 2]), float(['N', 3], 'b.onnx'))).toThrow(
      servingError(
        'LOAD_FAILED',
        's.ts:3: method m: input x0 of model b.onnx is float32 [N,3], but the same value is output y0 of model a.onnx, float32 [N,2]',
      ),
    );
  });

  test.each<[ModelPort['shape'], ModelPort['shape']]>([
    [[2], [2, 1]],
    [[], [2]],
    [[], ['N', 'M']],
    [[0], [1]],
  ])('in their shapes: %j and %j', (one, other) => {
    const error = servingError('LOAD_FAILED', /but the same value is/);
    expect(chain(float(one), float(other, 'b.onnx'))).toThrow(error);
    expect(chain(float(other), float(one, 'b.onnx'))).toThrow(error);
  });

  test('though a third one before them takes anything', () => {
    const [open, two, three] = [float(['N']), float([2], 'b.onnx'), float([3], 'c.onnx')];
    const stages = [open, two, three].map((model, index) => modelStage(model, [0], [index + 1]));
    expect(() => checkMethod(method({ stages }), modelsOf(open, two, three))).toThrow(
      servingError('LOAD_FAILED', /^s\.ts:4: .*input x0 of model c\.onnx is float32 \[3\], .* model b\.onnx/),
    );
  });

  test('in what a function gives them', () => {
    const [two, three] = [float([2]), float([3], 'b.onnx')];
    const stages = [
      functionStage((x) => x, [0], [1]),
      modelStage(two, [1], [2]),
      modelStage(three, [1], [3]),
    ];
    expect(() => checkMethod(method({ stages }), modelsOf(two, three))).toThrow(
      servingError('LOAD_FAILED', /^s\.ts:4: /),
    );
  });
});

describe('two models that can agree are none', () => {
  test.each<[ModelPort['shape'], ModelPort['shape']]>([
    [
      [2, 3],
      [2, 3],
    ],
    [
      ['N', 3],
      [2, 'M'],
    ],
    [[], [1]],
    [[1], []],
    [[], ['N']],
    [undefined, [2]],
    [[], undefined],
  ])('%j and %j', (one, other) => {
    expect(both(float(one), float(other, 'b.onnx'))).not.toThrow();
    expect(chain(float(one), float(other, 'b.onnx'))).not.toThrow();
  });

  test('as their instances are: without the batch dimension, but with that of shared inputs', () => {
    const batched = modelOf('a.onnx', [['float32', [4, 2]]], [['float32', [4, 2]]], { withBatchDim: true });
    const shared = modelOf(
      'b.onnx',
      [
        ['float32', ['N', 2]],
        ['float32', [2]],
      ],
      [['float32', ['N', 2]]],
      {
        withBatchDim: true,
        withoutBatchDimInputs: [1],
      },
    );
    const stages = [modelStage(batched, [0], [1]), modelStage(shared, [1, 0], [2])];
    expect(() => checkMethod(method({ stages }), modelsOf(batched, shared))).not.toThrow();
    expect(chain(batched, float([4, 2], 'c.onnx'))).toThrow(/is float32 \[4,2\], .* float32 \[2\]$/);
  });

  test('when a function stands between them', () => {
    const [two, three] = [float([2]), float([3], 'b.onnx')];
    const stages = [
      modelStage(two, [0], [1]),
      functionStage((x) => x, [1], [2]),
      modelStage(three, [2], [3]),
    ];
    expect(() => checkMethod(method({ stages }), modelsOf(two, three))).not.toThrow();
  });
});

describe('a constant', () => {
  const given = (value: Value, model: LoadedModel) => () => {
    const stages = [modelStage(model, [1], [2])];
    checkMethod(method({ stages, constant: { slot: 1, value } }), modelsOf(model));
  };
  const text = (shape: ModelPort['shape']) => modelOf('a.onnx', [['string', shape]], [['string', shape]]);

  test('that the model cannot take is a mistake', () => {
    expect(given('text', float([2]))).toThrow(
      servingError(
        'LOAD_FAILED',
        's.ts:2: method m: argument 1 of the stage, a constant, does not fit model a.onnx: Given model input 0 data type kMSI_String not match the data type kMSI_Float32 defined in model; input x0: expected float32 [2], given string []',
      ),
    );
    expect(given(floats([3], 1, 2, 3), float(['N', 3]))).toThrow(/given float32 \[3\]$/);
    expect(given(Uint8Array.of(1), text([]))).toThrow(/expected string \[\], given bytes \[\]$/);
    expect(given('a\0b', text([]))).toThrow(/expected text that a model can take, given a NUL/);
  });

  test('that it can take is none', () => {
    expect(given(floats([1], 1), float([]))).not.toThrow();
    expect(given(new Tensor('float32', [2, 2], new Float32Array(4)), float(undefined))).not.toThrow();
    expect(given('text', text([1]))).not.toThrow();
    expect(given(new StringTensor([2], ['a', 'b']), text(['N']))).not.toThrow();
  });
});

describe('what is declared', () => {
  const outputs = (port: Port, slot: number) => [{ ...port, slot }];

  test('contradicts a model, any of those at it', () => {
    const [open, two] = [float(['N']), float([2], 'b.onnx')];
    const stages = [modelStage(open, [0], [1]), modelStage(two, [0], [2])];
    const inputs = [{ name: 'x', shape: [3] }];
    expect(() => checkMethod(method({ inputs, stages }), modelsOf(open, two))).toThrow(
      servingError(
        'LOAD_FAILED',
        's.ts:1: method m: inputs: x: declared float32 [3], but the model at it has float32 [2]',
      ),
    );
    const declared = outputs({ name: 'y', dtype: 'int8' }, 2);
    expect(() => checkMethod(method({ outputs: declared, stages }), modelsOf(open, two))).toThrow(
      's.ts:1: method m: outputs: y: declared int8 [2], but the model at it has float32 [2]',
    );
  });

  test('contradicts itself', () => {
    const declared = outputs({ name: 'y', dtype: 'int8', shape: [2] }, 0);
    const inputs = [{ name: 'x', shape: [3] }];
    expect(() => checkMethod(method({ inputs, outputs: declared, stages: [] }), new Map())).toThrow(
      servingError(
        'LOAD_FAILED',
        's.ts:1: method m: outputs: y: declared int8 [2], but the same value is declared int8 [3] by inputs: x',
      ),
    );
  });

  test('as a scalar goes with a model that takes one', () => {
    const model = float(['N']);
    const inputs = [{ name: 'x', dtype: 'float32' as const, shape: [] }];
    const stages = [modelStage(model, [0], [1])];
    expect(() => checkMethod(method({ inputs, stages }), modelsOf(model))).not.toThrow();
  });
});

test('of several models that take an input, metadata are from one that knows its rank', () => {
  const [open, known] = [float(undefined), float([2], 'b.onnx')];
  const stages = [modelStage(open, [0], [1]), modelStage(known, [0], [2])];
  expect(signatureOf(method({ stages }), modelsOf(open, known)).inputs).toEqual([
    { name: 'x', dtype: 'float32', shape: [2] },
  ]);
});
