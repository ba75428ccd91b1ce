/** What runs together, and what a function sees that calls a model. */
import { describe, expect, test } from '@jest/globals';
import { ServingError, StringTensor, Tensor, type Value } from '@serving/common';
import { Model } from '../../src/authoring/model.js';
import { ModelCaller } from '../../src/definition/model-caller.js';
import { callableModel } from '../../src/models/callable-model.js';
import { runInstances } from '../../src/models/run-instances.js';
import { zeroInputs } from '../../src/models/warm-up.js';
import { doubled, FakeSession, floats, loaded, modelDefinition, plain } from '../execution/batch.js';

const control = { isCancelled: () => false, progress: () => undefined };

async function run(model: ReturnType<typeof loaded>, ...instances: Value[][]) {
  const outcomes = await runInstances(model.graphs[0]!, instances.entries(), control);
  return instances.map((_, i) => {
    const outcome = outcomes.get(i);
    return outcome instanceof ServingError ? outcome.message : outcome?.map(plain);
  });
}

describe('inputs without a batch dimension', () => {
  /** y = x scaled by the shared factor. */
  const scaling = () =>
    new FakeSession([['N', 1], [1]], [['N', 1]], (x, factor) => {
      const by = Number(factor.data[0]);
      return new Tensor(
        'float32',
        x.shape,
        Float32Array.from(x.dataAs('float32'), (v) => v * by),
      );
    });
  const instance = (x: number, factor: number) => [floats([1], x), floats([1], factor)];

  test('are shared by instances that agree in them, whatever stands between', async () => {
    const fake = scaling();
    const model = loaded(fake, { withoutBatchDimInputs: [1] });
    expect(await run(model, instance(1, 2), instance(1, 3), instance(2, 2), instance(2, 3))).toEqual(
      [2, 3, 4, 6].map((y) => [plain(floats([1], y))]),
    );
    expect(fake.runs.map(([x, factor]) => [x!.shape, [...factor!.data]])).toEqual([
      [[2, 1], [2]],
      [[2, 1], [3]],
    ]);
  });

  test('keep their whole shape in what the model takes', () => {
    const [graph] = loaded(scaling(), { withoutBatchDimInputs: [1] }).graphs;
    expect(graph!.inputs.map(({ shape }) => shape)).toEqual([[1], [1]]);
  });

  test('have to be inputs of the model', () => {
    expect(() => loaded(scaling(), { withoutBatchDimInputs: [2] })).toThrow(
      /withoutBatchDimInputs: expected positions below 2, the number of its inputs, given 2$/,
    );
  });
});

describe('any number of dimensions', () => {
  const twice = (session: FakeSession) => loaded(session, { withBatchDim: false });

  test('of an input take each instance as it is', async () => {
    const fake = new FakeSession([undefined], [undefined], doubled);
    const instances = [floats([], 1), floats([1], 2), floats([1, 2], 3, 4)];
    expect(await run(twice(fake), ...instances.map((x) => [x]))).toEqual(
      instances.map((x) => [plain(doubled(x))]),
    );
    expect(fake.shapes).toEqual([[], [1], [1, 2]]);
  });

  test('of an input are no reason to take another dtype', async () => {
    const fake = new FakeSession([undefined], [undefined], doubled);
    expect(await run(twice(fake), [new Tensor('int32', [2], Int32Array.of(1, 2))])).toEqual([
      'Given model input 0 data type kMSI_Int32 not match the data type kMSI_Float32 defined in model; input x0: expected float32 of any shape, given int32 [2]',
    ]);
  });

  test('of a batched output have to be a row for each instance', async () => {
    const instances = [[floats([2], 1, 2)], [floats([2], 3, 4)]];
    expect(await run(loaded(new FakeSession([['N', 2]], [undefined], doubled)), ...instances)).toEqual([
      [plain(floats([2], 2, 4))],
      [plain(floats([2], 6, 8))],
    ]);
    const one = new FakeSession([['N', 2]], [undefined], () => floats([], 1));
    expect(await run(loaded(one), ...instances)).toEqual(
      instances.map(() => expect.stringMatching(/expected 2 rows for 2 instances, given shape \[\]/)),
    );
  });
});

test('the files of a model have one batch size', async () => {
  const { understandModel } = await import('../../src/models/loaded-model.js');
  const sessions = [new FakeSession([[2]], [[2]], doubled), new FakeSession([['N']], [['N']], doubled)];
  expect(() => understandModel({ ...modelDefinition, files: ['a', 'b'] }, sessions)).toThrow(
    /model a;b: the batch sizes 2 and any of its subgraphs differ; expected one for all$/,
  );
});

describe('text', () => {
  const echo = () => {
    const session = new FakeSession([['N']], [['N']], (x) => x);
    const port = { name: 'x', dtype: 'string', shape: ['N'] } as const;
    Object.assign(session, { inputs: [port], outputs: [{ ...port, name: 'y' }] });
    return loaded(session);
  };

  test('is stacked, and comes back as text', async () => {
    expect(await run(echo(), ['a'], ['b'])).toEqual([['a'], ['b']]);
  });

  test('that onnxruntime would change is refused, alone', async () => {
    const [nul, half, good] = await run(echo(), ['a\0b'], ['a\ud800b'], ['good']);
    expect(nul).toBe(
      'input x: expected text that a model can take, given a NUL character at position 1, where onnxruntime would cut the text off',
    );
    expect(half).toMatch(/given half of a surrogate pair at position 1, which onnxruntime would replace$/);
    expect(good).toEqual(['good']);
  });

  test('of a shape of its own is refused', async () => {
    expect(await run(echo(), [new StringTensor([2], ['a', 'b'])])).toEqual([
      expect.stringMatching(
        /^Given model input 0 size 0 not match|^Given model input 0 shape \[2\] not match/,
      ),
    ]);
  });
});

describe('a model that a function calls', () => {
  const model = (isCancelled = () => false) => {
    const caller = new ModelCaller();
    const called = loaded(new FakeSession([['N']], [['N']], doubled), { caller });
    caller.connect(callableModel(called, isCancelled));
    return new Model(called.definition);
  };

  test('gives the outputs of one instance, or of several', async () => {
    const [y] = await model().call<[Tensor]>(floats([], 3));
    expect(y.dataAs('float32')).toEqual(Float32Array.of(6));
    const several = await model().callBatch([[floats([], 1)], [floats([], 2)]]);
    expect(several.map((outputs) => outputs.map(plain))).toEqual([
      [plain(floats([], 2))],
      [plain(floats([], 4))],
    ]);
  });

  test.each<[string, (model: Model) => Promise<unknown>, RegExp]>([
    ['nothing', (m) => m.call(), /no inputs provided$/],
    ['no instances', (m) => m.callBatch([]), /no inputs provided; expected a list/],
    [
      'too many inputs',
      (m) => m.call(floats([], 1), floats([], 2)),
      /The inputs count 2 of instance 0 is not equal to the inputs count 1 of the model$/,
    ],
    [
      'no list of values',
      (m) => m.callBatch([floats([], 1) as unknown as Value[]]),
      /inputs format invalid: expected a list of values for instance 0$/,
    ],
    [
      'a file it does not have',
      (m) => m.subgraph(1).call(floats([], 1)),
      /subgraph=1\)\.call\(\) failed: The model does not have subgraph of index 1, the subgraph count of the model is 1$/,
    ],
    [
      'a file of no number',
      (m) => m.subgraph(-1).call(floats([], 1)),
      /subgraph=-1\)\.call\(\) failed: The model does not have subgraph of index -1, the subgraph count/,
    ],
    ['a value that does not fit', (m) => m.call(floats([2], 1, 2)), /Given model input 0 size 8 not match/],
  ])('says what is wrong with %s', async (_, call, text) => {
    await expect(call(model())).rejects.toThrow(/^Model\(m\.onnx/);
    await expect(call(model())).rejects.toThrow(text);
  });

  test('ends once nobody waits for the batch', async () => {
    await expect(model(() => true).call(floats([], 1))).rejects.toThrow(
      /nobody waits for the batch any more$/,
    );
  });

  test('cannot be called while the configuration is read, whether or not anybody waits for it', () => {
    const unconnected = new Model({ ...modelDefinition, caller: new ModelCaller() });
    expect(() => unconnected.call(floats([], 1))).toThrow(/not loaded yet: expected a call from inside /);
  });
});

test('a warm-up runs on zeros, with symbolic dimensions of 1', () => {
  const session = new FakeSession([['N', 2]], [['N', 2]], doubled);
  expect(zeroInputs(session).map(plain)).toEqual([plain(floats([1, 2], 0, 0))]);
});
