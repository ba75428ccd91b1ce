import { describe, expect, test } from '@jest/globals';
import { InputError, Tensor, type Value } from '@serving/common';
import { BatchValues } from '../../src/execution/batch-values.js';
import { runFunctionStage } from '../../src/execution/function-stage.js';
import type { StageFunction } from '../../src/definition/definition.js';
import { block, context, floatColumn, floats, functionStage, plain, ports, textColumn } from './batch.js';

const three = () => new BatchValues(ports('x'), 3, [block(3, floatColumn('x', [], 1, 2, 3))]);
const numberOf = (x: Tensor) => Number(x.data[0]);

async function run(
  stage: StageFunction,
  values = three(),
  isCancelled?: () => boolean,
): Promise<BatchValues> {
  await runFunctionStage(functionStage(stage, [0], [1]), values, context(isCancelled));
  return values;
}

async function errorOf(stage: StageFunction): Promise<string> {
  return (await run(stage)).errorOf(0)!.message;
}

test('the function is called once per instance, with one value per argument', async () => {
  const values = new BatchValues(ports('a', 'b'), 3, [
    block(2, floatColumn('a', [], 1, 2), textColumn('b', 'p', 'q')),
  ]);
  const stage = functionStage((b: string, a: Tensor) => `${b}${numberOf(a)}`, [1, 0], [2]);
  await runFunctionStage(stage, values, context());
  expect([values.slot(2).row(0), values.slot(2).row(1)]).toEqual(['p1', 'q2']);
});

test('several outputs go to several slots', async () => {
  const values = three();
  await runFunctionStage(
    functionStage((x: Tensor) => ['text', x], [0], [1, 2]),
    values,
    context(),
  );
  expect(values.slot(1).row(2)).toBe('text');
  expect(plain(values.slot(2).row(2))).toEqual(plain(floats([], 3)));
});

test('one output may be returned bare or as a list of one', async () => {
  const values = await run((x: Tensor) => [x]);
  expect(plain(values.slot(1).row(0))).toEqual(plain(floats([], 1)));
});

test('instances whose async function waits for something wait together', async () => {
  let running = 0;
  let most = 0;
  const values = await run(async (x: Tensor) => {
    most = Math.max(most, ++running);
    await Promise.resolve();
    running--;
    return numberOf(x) * 10;
  });
  expect(most).toBe(3);
  expect([0, 1, 2].map((i) => plain(values.slot(1).row(i)))).toEqual(
    [10, 20, 30].map((v) => plain(floats([], v))),
  );
});

test('an instance whose call throws fails alone, and is not given to the next stage', async () => {
  const values = await run((x: Tensor) => {
    if (numberOf(x) === 2) throw new Error('two\nsecret');
    return x;
  });
  expect([...values.alive()]).toEqual([0, 2]);
  expect(values.errorOf(1)).toMatchObject({
    code: 'STAGE_FAILED',
    message: "Call Function 's.anonymous' Failed, method: 'm', stage index(begin with 1): 2, error msg: two",
  });
  const seen: number[] = [];
  await runFunctionStage(
    functionStage((x: Tensor) => seen.push(numberOf(x)), [1], [2]),
    values,
    context(),
  );
  expect(seen).toEqual([1, 3]);
});

test.each([
  ['a typed array', (out: Float32Array) => out, 'float32'],
  ['a tensor', (out: Float32Array) => new Tensor('float32', [1], out), 'float32'],
  ['bytes', (out: Float32Array) => Buffer.from(out.buffer), undefined],
])('a function may fill %s again for each instance', async (_what, asReturned, dtype) => {
  const out = new Float32Array(1);
  const values = await run((x: Tensor) => {
    out[0] = numberOf(x) * 10;
    return asReturned(out);
  });
  const bytes = (value: number) => Buffer.from(Float32Array.of(value).buffer);
  for (const instance of [0, 1, 2]) {
    const expected = (instance + 1) * 10;
    const value = values.slot(1).row(instance);
    expect(plain(value)).toEqual(plain(dtype ? floats([1], expected) : new Uint8Array(bytes(expected))));
  }
});

test('a function may write to what an earlier one returned', async () => {
  const values = await run((x: Tensor) => x);
  const clear = (x: Tensor) => {
    x.data[0] = 0;
    return x;
  };
  await runFunctionStage(functionStage(clear, [1], [2]), values, context());
  expect(plain(values.slot(0).row(0))).toEqual(plain(floats([], 1)));
});

test('every instance is progress, failed ones too', async () => {
  let done = 0;
  const seen: number[] = [];
  const stage = functionStage(
    () => {
      seen.push(done);
      throw new Error('each');
    },
    [0],
    [1],
  );
  await runFunctionStage(
    stage,
    three(),
    context(undefined, () => void done++),
  );
  expect([seen, done]).toEqual([[0, 1, 2], 3]);
});

test('a cancelled batch stops between two instances', async () => {
  let calls = 0;
  await run(
    () => ++calls,
    three(),
    () => calls === 2,
  );
  expect(calls).toBe(2);
});

describe('what a function may return', () => {
  const buffer = Buffer.from('abc');
  const accepted: [unknown, Value][] = [
    [1.5, floats([], 1.5)],
    [5n, new Tensor('int64', [], BigInt64Array.of(5n))],
    [true, new Tensor('bool', [], Uint8Array.of(1))],
    [false, new Tensor('bool', [], Uint8Array.of(0))],
    ['', ''],
    [new Uint8Array(0), new Uint8Array(0)],
    [buffer, new Uint8Array(buffer)],
    [Int8Array.of(-1), new Tensor('int8', [1], Int8Array.of(-1))],
    [Int16Array.of(-1), new Tensor('int16', [1], Int16Array.of(-1))],
    [Uint16Array.of(1), new Tensor('uint16', [1], Uint16Array.of(1))],
    [Int32Array.of(-1), new Tensor('int32', [1], Int32Array.of(-1))],
    [Uint32Array.of(1), new Tensor('uint32', [1], Uint32Array.of(1))],
    [BigInt64Array.of(-1n), new Tensor('int64', [1], BigInt64Array.of(-1n))],
    [BigUint64Array.of(1n), new Tensor('uint64', [1], BigUint64Array.of(1n))],
    [Float32Array.of(1, 2), floats([2], 1, 2)],
    [new Float64Array(0), new Tensor('float64', [0], new Float64Array(0))],
  ];
  test.each(accepted)('%p', async (returned, expected) => {
    expect(plain((await run(() => returned)).slot(1).row(0))).toEqual(plain(expected));
  });

  const refused: [unknown, string][] = [
    [undefined, 'undefined'],
    [null, 'null'],
    [{}, 'Object'],
    [new Map(), 'Map'],
    [Object.create(null), 'an object'],
    [Symbol('x'), 'Symbol(x)'],
    [() => 1, 'a function'],
    [new DataView(new ArrayBuffer(1)), 'DataView'],
    [new ArrayBuffer(1), 'ArrayBuffer'],
    [[[1]], 'Array'],
  ];
  test.each(refused)('not %p', async (returned, given) => {
    expect(await errorOf(() => returned)).toMatch(
      `error msg: expected a Tensor, StringTensor, BytesTensor, typed array, string, Uint8Array, number, bigint or boolean, given ${given}`,
    );
  });

  test.each([
    [[], 'expected 1 output, given 0'],
    [[1, 2], 'expected 1 output, given 2'],
  ])('not %j for one output', async (returned, text) => {
    expect(await errorOf(() => returned)).toMatch(text);
  });
});

test.each([
  ['text', 'text'],
  [undefined, 'undefined'],
  [{ message: 'alike' }, 'alike'],
  [Object.create(null), 'something without a text was thrown'],
  [{ code: 5 }, 'an object without a message was thrown'],
])('whatever is thrown has a text: %p', async (thrown: unknown, text) => {
  expect(
    await errorOf(() => {
      throw thrown;
    }),
  ).toMatch(new RegExp(`error msg: ${text}$`));
});

test.each<[string, StageFunction]>([
  ['an iterator', () => [1].values()],
  ['a promise of one', async () => [1].values()],
])('a function that gives %s has the wrong kind of method', async (_what, stage) => {
  expect(await errorOf(stage)).toMatch(
    /error msg: expected one result, given an iterator; a method whose last stage yields one response after another is registered with streaming: true$/,
  );
});

test('a list with a hole is an error of its instance', async () => {
  const holes: unknown[] = [];
  holes.length = 1;
  const withHole = await run((x: Tensor) => (numberOf(x) === 2 ? holes : x));
  expect([0, 1, 2].map((i) => withHole.errorOf(i)?.message)).toEqual([
    undefined,
    expect.stringMatching(/error msg: expected a Tensor, .*, given undefined$/),
    undefined,
  ]);
});

test('a bool that is neither 0 nor 1 is an error of its instance', async () => {
  const values = await run((x: Tensor) => new Tensor('bool', [2], Uint8Array.of(1, numberOf(x) - 1)));
  expect([1, 2, 3].map((_, i) => values.errorOf(i)?.message.replace(/^.* error msg: /, ''))).toEqual([
    undefined,
    undefined,
    'expected 0 or 1 in each byte of a bool tensor, given 2',
  ]);
});

test('whatever is thrown costs its own instance only', async () => {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  for (const thrown of [proxy, null, undefined, Symbol('s')]) {
    const values = await run((x: Tensor) => {
      if (numberOf(x) === 2) throw thrown;
      return x;
    });
    expect([0, 1, 2].map((i) => values.errorOf(i)?.code)).toEqual([undefined, 'STAGE_FAILED', undefined]);
  }
});

test('memory that a function hands to another thread stays here', async () => {
  const transfer = (x: Tensor) => {
    const { buffer } = x.data as { buffer: ArrayBuffer };
    try {
      structuredClone(buffer, { transfer: [buffer] });
    } catch {
      // From Node 21 on, that is an error.
    }
    return x.data.length;
  };
  const values = new BatchValues(ports('x'), 3, [block(3, floatColumn('x', [1], 1, 2, 3))]);
  await runFunctionStage(functionStage(transfer, [0], [1]), values, context());
  // What a function gave is one's own, and is to arrive all the same.
  await runFunctionStage(functionStage(transfer, [1], [2]), values, context());
  expect([0, 1, 2].map((i) => [plain(values.slot(0).row(i)), plain(values.slot(2).row(i))])).toEqual(
    [1, 2, 3].map((value) => [
      { dtype: 'float32', shape: [1], data: [value] },
      { dtype: 'float32', shape: [], data: [1] },
    ]),
  );
});

test('what a caller is to blame for is told so, thrown or in place of a result', async () => {
  const blame = (x: Tensor) => {
    if (numberOf(x) === 1) throw new InputError('expected 2 or 3, given 1\nand more');
    return numberOf(x) === 2 ? new InputError('no two') : x;
  };
  const values = await run(blame);
  expect([0, 1, 2].map((i) => [values.errorOf(i)?.code, values.errorOf(i)?.message])).toEqual([
    [
      'INPUT_MISMATCH',
      "Call Function 's.blame' Failed, method: 'm', stage index(begin with 1): 2, error msg: expected 2 or 3, given 1",
    ],
    [
      'INPUT_MISMATCH',
      "Call Function 's.blame' Failed, method: 'm', stage index(begin with 1): 2, error msg: no two",
    ],
    [undefined, undefined],
  ]);
});
