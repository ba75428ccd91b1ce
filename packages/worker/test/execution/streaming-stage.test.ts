import { expect, test } from '@jest/globals';
import { asBytes, contiguousBytes, type CallRange, type Reply, type Tensor } from '@serving/common';
import type { MethodDefinition, StageDefinition, StageFunction } from '../../src/definition/definition.js';
import { executeBatch, type BatchControl } from '../../src/execution/execute-batch.js';
import { batchOf, block, control, doubled, FakeSession, floatColumn } from './batch.js';
import { functionStage, loaded, modelStage, ports } from './batch.js';

const numberOf = (x: Tensor) => Number(x.data[0]);
const model = loaded(new FakeSession([['N']], [['N']], doubled));

interface Run {
  readonly control?: Partial<BatchControl>;
  readonly calls?: readonly CallRange[];
  readonly outputs?: MethodDefinition['outputs'];
}

/** A streaming method of these stages on instances 1, 2, 3. Its replies in their order, and those that came early. */
async function run(stages: StageDefinition[], { control: more, calls = [], outputs }: Run = {}) {
  const slotCount = 1 + stages.reduce((sum, stage) => sum + stage.outputs.length, 0);
  const method: MethodDefinition = {
    name: 'm',
    inputs: ports('x'),
    outputs: outputs ?? [{ name: 'y', slot: slotCount - 1 }],
    stages,
    constants: [],
    slotCount,
    idempotent: true,
    isDefault: false,
    isStreaming: true,
    batching: {},
    at: undefined,
  };
  const servable = {
    name: 's',
    version: 1,
    methods: new Map([['m', method]]),
    models: new Map([[model.definition, model]]),
    signatures: [],
  };
  const early: Reply[] = [];
  const batch = { ...batchOf('m', block(3, floatColumn('x', [], 1, 2, 3))), calls };
  const emit = (reply: Reply) => void early.push(reply);
  const { replies, isWhole } = await executeBatch(servable, batch, {
    ...control(() => false),
    emit,
    ...more,
  });
  // Nothing is learnt from it of how long the next one takes.
  expect(isWhole).toBe(false);
  return { early, replies, all: [...early, ...replies].map(shown) };
}

const stage = (each: StageFunction, options = {}) => functionStage(each, [0], [1], options);

/** `1.0 10` is the first response to instance 1, `1.1 end` what ends them. */
function shown({ first, count, sequence, last, outcome }: Reply): string {
  expect(count).toBe(1);
  const what = `${first + 1}.${sequence}`;
  if (!outcome.ok) return `${what} ${outcome.error.code}: ${outcome.error.message}`;
  const { columns } = outcome.outputs.block;
  expect(columns).toHaveLength(last ? 0 : 1);
  if (last) return `${what} end`;
  const [column] = columns;
  if (column!.kind === 'bytes') return `${what} ${String(column!.elements)}`;
  return `${what} ${new Float32Array(contiguousBytes(column!, 0, 1).slice().buffer)[0]}`;
}

const ofInstance = (all: readonly string[], instance: number) =>
  all.filter((text) => text.startsWith(`${instance}.`));

/** The exception of a stage as callers see it. */
const failed = (what: string) =>
  `STAGE_FAILED: Call Function 's.anonymous' Failed, method: 'm', stage index(begin with 1): 1, error msg: ${what}`;

test.each<[string, StageFunction]>([
  [
    'a generator',
    function* (x: Tensor) {
      for (let i = 1; i <= numberOf(x); i++) yield 10 * i;
    },
  ],
  [
    'an async generator',
    async function* (x: Tensor) {
      for (let i = 1; i <= numberOf(x); i++) {
        await Promise.resolve();
        yield 10 * i;
      }
    },
  ],
  ['a function that returns an iterator', (x: Tensor) => [10, 20, 30].slice(0, numberOf(x)).values()],
  [
    'an async function that gives an iterator',
    async (x: Tensor) => [10, 20, 30].slice(0, numberOf(x)).values(),
  ],
])('%s gives a response for each result, and then an end without any', async (_what, each) => {
  const { all, early, replies } = await run([stage(each)]);
  expect([1, 2, 3].map((instance) => ofInstance(all, instance))).toEqual([
    ['1.0 10', '1.1 end'],
    ['2.0 10', '2.1 20', '2.2 end'],
    ['3.0 10', '3.1 20', '3.2 30', '3.3 end'],
  ]);
  expect([early.filter(({ last }) => last).length, replies.map(shown)]).toEqual([2, ['3.3 end']]);
});

test('instances take turns, and one that has ended need not wait for the others', async () => {
  const { all } = await run([
    stage(function* (x: Tensor) {
      for (let i = 0; i < numberOf(x); i++) yield i;
    }),
  ]);
  expect(all).toEqual([
    '1.0 0',
    '2.0 0',
    '3.0 0',
    '1.1 end',
    '2.1 1',
    '3.1 1',
    '2.2 end',
    '3.2 2',
    '3.3 end',
  ]);
});

test('a response goes out while the generator still runs', async () => {
  let goOn = () => {};
  const seen = new Promise<void>((resolve) => (goOn = resolve));
  const { all } = await run(
    [
      stage(async function* (x: Tensor) {
        yield 'first';
        await seen;
        yield numberOf(x);
      }),
    ],
    { control: { emit: ({ last }) => last || goOn() } },
  );
  expect(all).toHaveLength(1);
});

test('earlier stages are as in other methods; what fails there is told before the responses of others end', async () => {
  const failsAt2 = functionStage(
    (x: Tensor) => {
      if (numberOf(x) === 4) throw new Error('four');
      return x;
    },
    [1],
    [2],
  );
  const each = functionStage(
    function* (x: Tensor) {
      yield numberOf(x);
    },
    [2],
    [3],
  );
  const { all } = await run([modelStage(model, [0], [1]), failsAt2, each]);
  expect(all[0]).toMatch(/^2\.0 STAGE_FAILED: .* stage index\(begin with 1\): 2, error msg: four$/);
  expect(all.slice(1)).toEqual(['1.0 2', '3.0 6', '1.1 end', '3.1 end']);
});

test('a generator that throws fails its instance alone, behind the responses that it has given', async () => {
  const { all } = await run([
    stage(function* (x: Tensor) {
      yield 1;
      if (numberOf(x) === 2) throw new Error('two\nsecret');
    }),
  ]);
  expect(all).toEqual(['1.0 1', '2.0 1', '3.0 1', '1.1 end', `2.1 ${failed('two')}`, '3.1 end']);
});

test.each<[string, StageFunction, RegExp]>([
  [
    'a response that is no value',
    function* () {
      yield {};
    },
    /error msg: expected a Tensor, .*, given Object$/,
  ],
  [
    'two outputs for one',
    function* () {
      yield [1, 2];
    },
    /error msg: expected 1 output, given 2$/,
  ],
  [
    'an Error',
    function* () {
      yield new Error('no more');
    },
    /error msg: no more$/,
  ],
  [
    'a list instead of an iterator',
    () => [1],
    /error msg: expected a generator, or another iterator over the responses, as the method is streaming; given a list$/,
  ],
  ['nothing instead of an iterator', () => undefined, /as the method is streaming; given undefined$/],
  [
    'text that cannot be sent',
    function* () {
      yield '\ud800';
    },
    /Call method 'm' Failed: output y: expected text that UTF-8 can hold/,
  ],
])('%s fails the instance', async (_what, each, error) => {
  const { all } = await run([stage(each)]);
  expect(all).toHaveLength(3);
  for (const text of all) expect(text).toMatch(error);
});

test('a response that is not as it was declared ends the generator', async () => {
  let cleanedUp = 0;
  const { all } = await run(
    [
      stage(function* () {
        try {
          yield 1;
          yield 'text';
          yield 3;
        } finally {
          cleanedUp++;
        }
      }),
    ],
    { outputs: [{ name: 'y', slot: 1, dtype: 'float32' }] },
  );
  expect([ofInstance(all, 1), cleanedUp]).toEqual([
    [
      '1.0 1',
      "1.1 STAGE_FAILED: Call method 'm' Failed: output y: expected float32 [], as it is declared, given string []",
    ],
    3,
  ]);
});

test('a response that cannot be sent is the end of its instance', async () => {
  const sent: Reply[] = [];
  const emit = (reply: Reply) => {
    if (reply.first === 1 && reply.sequence === 1) throw new RangeError('too large');
    sent.push(reply);
  };
  const { replies } = await run(
    [
      stage(function* () {
        yield 1;
        yield 2;
      }),
    ],
    { control: { emit: (reply) => (reply.last ? sent.push(reply) : emit(reply)) } },
  );
  const [error] = ofInstance([...sent, ...replies].map(shown), 2).slice(1);
  expect(error).toMatch(/^2\.1 INTERNAL: internal error, id/);
});

/** Counts what it yields, and whether it was told that nobody wants more. */
function endless(isAsync: boolean) {
  const seen = { yielded: 0, cleanedUp: 0 };
  const each = isAsync
    ? async function* () {
        try {
          for (;;) yield seen.yielded++;
        } finally {
          seen.cleanedUp++;
        }
      }
    : function* () {
        try {
          for (;;) yield seen.yielded++;
        } finally {
          seen.cleanedUp++;
        }
      };
  return { seen, each };
}

test.each([false, true])(
  'a cancelled batch is pulled no more, and generators clean up (async: %s)',
  async (isAsync) => {
    const { seen, each } = endless(isAsync);
    let cancelled = false;
    const { all } = await run([stage(each)], {
      control: {
        isCancelled: () => cancelled,
        emit: () => (cancelled = seen.yielded >= 6),
      },
    });
    const error = 'CANCELLED: the request was cancelled before it was finished';
    expect(all).toEqual([`1.2 ${error}`, `2.2 ${error}`, `3.2 ${error}`]);
    expect(seen).toEqual({ yielded: 6, cleanedUp: 3 });
  },
);

test('who waits for a promise learns of the cancellation', async () => {
  let cancelled = false;
  let cleanedUp = false;
  const { all } = await run(
    [
      stage(async (x: Tensor) => ({
        next: () => {
          cancelled = true;
          return new Promise(() => undefined);
        },
        return: () => {
          cleanedUp = numberOf(x) > 0;
        },
      })),
    ],
    { control: { isCancelled: () => cancelled } },
  );
  expect([all.length, cleanedUp]).toEqual([3, true]);
  expect(all[0]).toMatch(/^1\.0 CANCELLED: /);
});

const call = (remainingMs?: number): CallRange => ({
  callId: 1,
  count: 1,
  priority: 0,
  remainingMs,
  traceparent: '',
  affinityKey: new Uint8Array(0),
});

test('an instance whose caller has no time left is pulled no more, and the others are', async () => {
  let now = 0;
  let cleanedUp = 0;
  const { all } = await run(
    [
      stage(function* (x: Tensor) {
        try {
          for (let i = 0; i < 3; i++) yield i;
        } finally {
          if (numberOf(x) === 2) cleanedUp = now;
        }
      }),
    ],
    {
      calls: [call(), call(10), call(0)],
      control: { now: () => now, emit: ({ sequence }) => (now = sequence === 0 ? now : 10) },
    },
  );
  expect(all).toEqual(['1.3 end']);
  expect(cleanedUp).toBe(10);
});

test('the error of one whose time ran out says whether its responses had begun', async () => {
  let now = 0;
  const early: Reply[] = [];
  const { replies } = await run(
    [
      stage(function* () {
        yield 1;
        yield 2;
      }),
    ],
    {
      calls: [call(), call(10), call(0)],
      control: {
        now: () => now,
        emit: (reply) => {
          early.push(reply);
          if (reply.first === 1) now = 10;
        },
      },
    },
  );
  const all = [...early, ...replies].map(shown);
  expect([ofInstance(all, 2).at(-1), ofInstance(all, 3)]).toEqual([
    "2.1 DEADLINE_EXCEEDED: the caller's deadline passed before the last response to the instance",
    ["3.0 DEADLINE_EXCEEDED: the caller's deadline passed before the instance was started"],
  ]);
});

test('a result that does not come in time is the end of its instance', async () => {
  const { all } = await run([
    stage(
      async function* (x: Tensor) {
        for (let i = 0; i < 4; i++) {
          await Promise.resolve();
          yield i;
        }
        if (numberOf(x) === 1) await new Promise(() => undefined);
      },
      { timeoutMs: 20 },
    ),
  ]);
  expect(ofInstance(all, 1).at(-1)).toBe(`1.4 ${failed('did not return within 20 ms')}`);
  expect([ofInstance(all, 2).at(-1), ofInstance(all, 3).at(-1)]).toEqual(['2.4 end', '3.4 end']);
});

test('who is worked on is said before each step, and all of them while nobody is', async () => {
  const told: string[] = [];
  const { all } = await run(
    [
      stage(function* (x: Tensor) {
        told.push(`step of ${numberOf(x)}`);
        yield asBytes(x.data);
        told.push(`end of ${numberOf(x)}`);
      }),
    ],
    { control: { workOn: (first, count) => void told.push(`${first + 1}+${count}`) } },
  );
  expect(all).toHaveLength(6);
  for (const instance of [1, 2, 3])
    for (const what of ['step', 'end'])
      expect(told[told.indexOf(`${what} of ${instance}`) - 1]).toBe(`${instance}+1`);
  expect(told.at(-1)).toBe('1+3');
});

test('while there is no room for responses none is asked for, and the thread is not taken for stuck', async () => {
  const { seen, each } = endless(false);
  let [progress, cancelled] = [0, false];
  await run([stage(each)], {
    control: {
      hasRoom: () => seen.yielded < 2,
      progress: () => (cancelled = ++progress >= 20),
      isCancelled: () => cancelled,
    },
  });
  // Each of the three instances may have found room before the others took it.
  expect(seen.yielded).toBeLessThanOrEqual(4);
  expect(seen.cleanedUp).toBe(3);
});
