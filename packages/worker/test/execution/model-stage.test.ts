import { describe, expect, test } from '@jest/globals';
import { numericColumn, ServingError, Tensor, type Block } from '@serving/common';
import { BatchValues, SlotValues } from '../../src/execution/batch-values.js';
import { runModelStage } from '../../src/execution/model-stage.js';
import type { LoadedModel } from '../../src/models/loaded-model.js';
import {
  block,
  blobColumn,
  context,
  doubled,
  FakeSession,
  floatColumn,
  floats,
  loaded,
  modelStage,
  plain,
  ports,
  textColumn,
} from './batch.js';

async function run(model: LoadedModel, ...sections: Block[]): Promise<BatchValues> {
  const values = new BatchValues(ports('x'), 2, sections);
  await runModelStage(modelStage(model, [0], [1]), model.graphs[0]!, values, context());
  return values;
}

/** The output of every instance, or its error's text. */
function outcomes(values: BatchValues): unknown[] {
  return Array.from(
    { length: values.count },
    (_, i) => values.errorOf(i)?.message ?? plain(values.slot(1).row(i)),
  );
}

describe('with a symbolic batch dimension', () => {
  const session = () => new FakeSession([['N', 2]], [['N', 2]], doubled);

  test('the whole batch is one run, without copying', async () => {
    const fake = session();
    const values = await run(loaded(fake), block(3, floatColumn('x', [2], 1, 2, 3, 4, 5, 6)));
    expect(fake.shapes).toEqual([[3, 2]]);
    expect(outcomes(values)).toEqual([floats([2], 2, 4), floats([2], 6, 8), floats([2], 10, 12)].map(plain));
    expect(values.slot(1).column).toBeDefined();
  });

  test('rows of several sections are one run', async () => {
    const fake = session();
    const values = await run(
      loaded(fake),
      block(1, floatColumn('x', [2], 1, 2)),
      block(1, floatColumn('x', [2], 3, 4)),
    );
    expect(fake.shapes).toEqual([[2, 2]]);
    expect(outcomes(values)).toEqual([floats([2], 2, 4), floats([2], 6, 8)].map(plain));
  });

  test('instances are grouped by shape where the model leaves it open', async () => {
    const fake = new FakeSession([['N', 'M']], [['N', 'M']], doubled);
    const values = await run(
      loaded(fake),
      block(1, floatColumn('x', [1], 1)),
      block(1, floatColumn('x', [2], 2, 3)),
      block(1, floatColumn('x', [1], 4)),
    );
    expect(fake.shapes).toEqual([
      [2, 1],
      [1, 2],
    ]);
    expect(outcomes(values)).toEqual([floats([1], 2), floats([2], 4, 6), floats([1], 8)].map(plain));
  });

  test('instances that do not fit fail alone; nothing runs when none fits', async () => {
    const fake = session();
    const values = await run(
      loaded(fake),
      block(1, floatColumn('x', [2], 1, 2)),
      block(1, floatColumn('x', [3], 1, 2, 3)),
    );
    expect(fake.shapes).toEqual([[1, 2]]);
    expect(outcomes(values)).toEqual([
      plain(floats([2], 2, 4)),
      'Given model input 0 size 12 not match the size 8 defined in model; input x0: expected float32 [2], given float32 [3]',
    ]);
    const none = session();
    await run(loaded(none), block(1, textColumn('x', 'text')));
    expect(none.runs).toEqual([]);
  });

  test('instances that failed before are left out', async () => {
    const fake = session();
    const values = new BatchValues(ports('x'), 2, [block(2, floatColumn('x', [2], 1, 2, 3, 4))]);
    values.fail(0, new ServingError('STAGE_FAILED', 'earlier'));
    const model = loaded(fake);
    await runModelStage(modelStage(model, [0], [1]), model.graphs[0]!, values, context());
    expect(fake.shapes).toEqual([[1, 2]]);
    expect(outcomes(values)).toEqual(['earlier', plain(floats([2], 6, 8))]);
  });
});

describe('with a fixed batch size', () => {
  const session = () => new FakeSession([[4, 1]], [[4, 1]], doubled);

  test.each([
    [1, [[4, 1]]],
    [4, [[4, 1]]],
    [
      5,
      [
        [4, 1],
        [4, 1],
      ],
    ],
    [
      8,
      [
        [4, 1],
        [4, 1],
      ],
    ],
  ])('%i instances are runs of four, and what fills them up is dropped', async (count, shapes) => {
    const fake = session();
    const numbers = Array.from({ length: count }, (_, i) => i);
    const values = await run(loaded(fake), block(count, floatColumn('x', [1], ...numbers)));
    expect(fake.shapes).toEqual(shapes);
    expect(outcomes(values)).toEqual(numbers.map((i) => plain(floats([1], 2 * i))));
  });

  test('a run that fails fails the instance it fails on only', async () => {
    const fake = new FakeSession([[2, 1]], [[2, 1]], (x) => {
      if (x.data[0] === 2) throw new ServingError('SESSION_FAILED', 'Predict Failed: two');
      return doubled(x);
    });
    const values = await run(loaded(fake), block(5, floatColumn('x', [1], 0, 1, 2, 3, 4)));
    expect(outcomes(values)).toEqual([
      plain(floats([1], 0)),
      plain(floats([1], 2)),
      'Predict Failed: two',
      plain(floats([1], 6)),
      plain(floats([1], 8)),
    ]);
  });
});

describe('a value that the model fails on', () => {
  /** Fails like Gather on an index out of its bounds. */
  const picky = (fails: (value: number) => boolean) =>
    new FakeSession([['N']], [['N']], (x) => {
      const bad = [...x.data].find((value) => fails(Number(value)));
      if (bad !== undefined)
        throw new ServingError('SESSION_FAILED', `Predict Failed: indices element ${bad}`);
      return doubled(x);
    });
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => i);
  const expected = (count: number, fails: (value: number) => boolean) =>
    upTo(count).map((i) => (fails(i) ? `Predict Failed: indices element ${i}` : plain(floats([], 2 * i))));

  test.each([
    ['as one column', [block(64, floatColumn('x', [], ...upTo(64)))]],
    ['as rows', upTo(64).map((i) => block(1, floatColumn('x', [], i)))],
  ])('fails its own instance, which alone is told of it: %s', async (_what, sections) => {
    const fails = (value: number) => [5, 6, 40].includes(value);
    const fake = picky(fails);
    const values = await run(loaded(fake), ...sections);
    expect(outcomes(values)).toEqual(expected(64, fails));
    expect(fake.runs.length).toBeLessThan(40);
  });

  test('may be in every instance', async () => {
    const values = await run(loaded(picky(() => true)), block(40, floatColumn('x', [], ...upTo(40))));
    expect(outcomes(values)).toEqual(expected(40, () => true));
  });

  test('is not looked for without end, and not told to others then', async () => {
    const fake = picky(() => true);
    const values = await run(loaded(fake), block(1000, floatColumn('x', [], ...upTo(1000))));
    expect(fake.runs.length).toBeLessThan(120);
    expect(values.allFailed).toBe(true);
    const told = outcomes(values).map(String);
    expect(told.at(-1)).toBe(
      'Predict Failed: the model failed on a batch of instances, too many times to tell which of 500 it was',
    );
    for (const [instance, text] of told.entries())
      if (text.includes('element')) expect(text).toBe(`Predict Failed: indices element ${instance}`);
  });

  test('ends the search when nobody waits', async () => {
    const fake = picky(() => true);
    const model = loaded(fake);
    const values = new BatchValues(ports('x'), 2, [block(64, floatColumn('x', [], ...upTo(64)))]);
    const isCancelled = () => fake.runs.length >= 4;
    await runModelStage(modelStage(model, [0], [1]), model.graphs[0]!, values, context(isCancelled));
    expect(fake.runs.length).toBeLessThan(6);
  });
});

describe('without a batch dimension', () => {
  test('each instance is a run of its own, in the whole shape', async () => {
    const fake = new FakeSession([[2, 2]], [[2, 2]], doubled);
    const values = await run(
      loaded(fake, { withBatchDim: false }),
      block(2, floatColumn('x', [2, 2], 1, 2, 3, 4, 5, 6, 7, 8)),
    );
    expect(fake.shapes).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(outcomes(values)[1]).toEqual(plain(floats([2, 2], 10, 12, 14, 16)));
  });

  test('each run is progress', async () => {
    const model = loaded(new FakeSession([[1]], [[1]], doubled), { withBatchDim: false });
    const values = new BatchValues(ports('x'), 2, [block(3, floatColumn('x', [1], 1, 2, 3))]);
    let done = 0;
    await runModelStage(
      modelStage(model, [0], [1]),
      model.graphs[0]!,
      values,
      context(undefined, () => void done++),
    );
    expect(done).toBe(3);
  });

  test('a cancelled batch stops between two waves of runs', async () => {
    const fake = new FakeSession([[1]], [[1]], doubled);
    const model = loaded(fake, { withBatchDim: false });
    const column = floatColumn('x', [1], ...Array<number>(20).fill(1));
    const values = new BatchValues(ports('x'), 2, [block(20, column)]);
    await runModelStage(
      modelStage(model, [0], [1]),
      model.graphs[0]!,
      values,
      context(() => fake.runs.length >= 3),
    );
    expect(fake.runs).toHaveLength(8);
  });
});

describe('scalars as [] and as [1]', () => {
  test.each([
    ['[] for [1]', ['N', 1], [], [2, 1]],
    ['[1] for []', ['N'], [1], [2]],
    ['[] for an open dimension', ['N', 'M'], [], [2, 1]],
  ] as const)('%s', async (_what, port, given, ran) => {
    const fake = new FakeSession([port], [port], doubled);
    const values = await run(loaded(fake), block(2, floatColumn('x', given, 1, 2)));
    expect(fake.shapes).toEqual([ran]);
    expect(outcomes(values).map((outcome) => (outcome as { data: number[] }).data)).toEqual([[2], [4]]);
  });

  test('[] and [1] of one batch share a run', async () => {
    const fake = new FakeSession([['N', 1]], [['N', 1]], doubled);
    await run(loaded(fake), block(1, floatColumn('x', [], 1)), block(1, floatColumn('x', [1], 2)));
    expect(fake.shapes).toEqual([[2, 1]]);
  });

  test('more than one element is no scalar', async () => {
    const fake = new FakeSession([['N']], [['N']], doubled);
    const values = await run(loaded(fake), block(1, floatColumn('x', [2], 1, 2)));
    expect(outcomes(values)).toEqual([
      'Given model input 0 size 8 not match the size 4 defined in model; input x0: expected float32 [], given float32 [2]',
    ]);
  });
});

describe('what does not fit', () => {
  const model = () => loaded(new FakeSession([['N', 2, 2]], [['N', 2, 2]], doubled));

  test.each([
    [
      textColumn('x', 't'),
      'Given model input 0 data type kMSI_String not match the data type kMSI_Float32 defined in model; input x0: expected float32 [2,2], given string []',
    ],
    [
      blobColumn('x', Uint8Array.of(1)),
      'Given model input 0 data type kMSI_Bytes not match the data type kMSI_Float32 defined in model; input x0: expected float32 [2,2], given bytes []',
    ],
    [
      floatColumn('x', [2, 2, 1], 1, 2, 3, 4),
      'Given model input 0 shape [2,2,1] not match the shape [2,2] defined in model; input x0: expected float32 [2,2], given float32 [2,2,1]',
    ],
    [
      floatColumn('x', [4], 1, 2, 3, 4),
      'Given model input 0 shape [4] not match the shape [2,2] defined in model; input x0: expected float32 [2,2], given float32 [4]',
    ],
    [
      floatColumn('x', [3, 2], 1, 2, 3, 4, 5, 6),
      'Given model input 0 size 24 not match the size 16 defined in model; input x0: expected float32 [2,2], given float32 [3,2]',
    ],
  ])('%# has the text of MindSpore Serving first', async (column, text) => {
    const values = await run(model(), block(1, column));
    expect(outcomes(values)).toEqual([text]);
    expect(values.errorOf(0)!.code).toBe('INPUT_MISMATCH');
  });

  test('the second input is input 1, by its own name', async () => {
    const fake = new FakeSession([['N'], ['N', 'M']], [['N']], (x) => x);
    const two = loaded(fake);
    const values = new BatchValues(ports('a', 'b'), 3, [
      block(1, floatColumn('a', [], 1), floatColumn('b', [1, 1, 1], 1)),
    ]);
    await runModelStage(modelStage(two, [0, 1], [2]), two.graphs[0]!, values, context());
    expect(values.errorOf(0)!.message).toBe(
      'Given model input 1 shape [1,1,1] not match the shape [M] defined in model; input x1: expected float32 [M], given float32 [1,1,1]',
    );
  });
});

test.each([
  [
    'too few rows',
    () => floats([1, 1], 1),
    /expected 2 rows for 2 instances, given shape \[1,1\]; declare the model with withBatchDim: false/,
  ],
  ['a scalar', () => floats([], 1), /given shape \[\]/],
])('an output with %s is no batch', async (_what, output, text) => {
  const fake = new FakeSession([['N', 'M']], [['N', 1]], output);
  const values = new BatchValues(ports('x'), 2, [
    block(1, floatColumn('x', [1], 1)),
    block(1, floatColumn('x', [1], 2)),
  ]);
  const model = loaded(fake);
  await runModelStage(modelStage(model, [0], [1]), model.graphs[0]!, values, context());
  expect(values.errorOf(0)).toMatchObject({
    code: 'SESSION_FAILED',
    message: expect.stringMatching(text) as unknown,
  });
  expect(values.errorOf(1)).toBe(values.errorOf(0));
  expect(fake.runs).toHaveLength(1);
});

test('several inputs and outputs keep their order', async () => {
  const fake = new FakeSession([['N'], ['N']], [['N'], ['N']], (a, b) => [b, a]);
  const model = loaded(fake);
  const values = new BatchValues(ports('a', 'b'), 4, [
    block(1, floatColumn('a', [], 1), floatColumn('b', [], 2)),
  ]);
  await runModelStage(modelStage(model, [0, 1], [2, 3]), model.graphs[0]!, values, context());
  expect([2, 3].map((slot) => plain(values.slot(slot).row(0)))).toEqual(
    [floats([], 2), floats([], 1)].map(plain),
  );
  expect(fake.runs[0]!.every((tensor) => tensor instanceof Tensor)).toBe(true);
});

test('what does not fit is told in the words of the protocol, and which stage it was where the caller has not sent it', async () => {
  const model = loaded(
    new FakeSession(
      [
        ['N', 2],
        ['N', 2],
      ],
      [['N', 2]],
      (a) => a,
    ),
  );
  const values = new BatchValues(ports('x'), 3, [block(3, floatColumn('x', [2], 1, 2, 3, 4, 5, 6))]);
  values.set(1, SlotValues.ofRows([floats([2], 1, 2), floats([3], 1, 2, 3), floats([2], 1, 2)]));
  await runModelStage(modelStage(model, [0, 1], [2]), model.graphs[0]!, values, context());
  expect([0, 1, 2].map((i) => values.errorOf(i)?.code)).toEqual([undefined, 'INPUT_MISMATCH', undefined]);
  expect(values.errorOf(1)!.message).toBe(
    "Given model input 1 size 12 not match the size 8 defined in model; input x1: expected float32 [2], given float32 [3]; an earlier stage gave it to model m.onnx, method: 'm', stage index(begin with 1): 2",
  );
  const sent = new BatchValues(ports('x'), 3, [block(1, floatColumn('x', [3], 1, 2, 3))]);
  sent.set(1, SlotValues.ofRows([floats([2], 1, 2)]));
  await runModelStage(modelStage(model, [0, 1], [2]), model.graphs[0]!, sent, context());
  expect(sent.errorOf(0)).toMatchObject({
    code: 'INPUT_MISMATCH',
    message: expect.stringMatching(/^Given model input 0 size 12 .* given float32 \[3\]$/),
  });
});

test('a bool that is neither 0 nor 1 does not reach the model', async () => {
  const bools = numericColumn('x', 'bool', [2], [Uint8Array.of(0, 1, 1, 2, 255, 0)]);
  const fake = new FakeSession([['N', 2]], [['N', 2]], (x) => x);
  fake.inputs = fake.inputs.map((port) => ({ ...port, dtype: 'bool' }));
  const values = await run(loaded(fake), block(3, bools));
  expect(outcomes(values)).toEqual([
    { dtype: 'bool', shape: [2], data: [0, 1] },
    'input x0: expected 0 or 1 in each byte of a bool tensor, given 2',
    'input x0: expected 0 or 1 in each byte of a bool tensor, given 255',
  ]);
  expect(fake.shapes).toEqual([[1, 2]]);
});
