/** What is declared becomes a definition. The texts of mistakes are tested where configurations are really loaded. */
import { expect, test } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import {
  addStage,
  declareModel,
  registerMethod,
  type Batching,
  type Placeholder,
  type PortOptions,
} from '../../src/authoring/authoring.js';
import type { MethodDefinition, ServableDefinition } from '../../src/definition/definition.js';
import { DefinitionDraft, innermostLine, withDraft } from '../../src/definition/definition-draft.js';
import { ModelCaller } from '../../src/definition/model-caller.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

const thisFile = fileURLToPath(import.meta.url);

/** The definition that these declarations make, with this file as the configuration. */
const define = (declare: () => void): Promise<ServableDefinition> =>
  withDraft(new DefinitionDraft(thisFile), async () => declare());

const first = (x: unknown) => x;
const plainModelStage = { kind: 'model', subgraph: 0, isFileImplied: false };

test('a method is stages over numbered slots', async () => {
  const { models, methods } = await define(() => {
    const model = declareModel({ file: 'm.onnx' });
    registerMethod('m', { inputs: ['a', 'b'], outputs: ['y', 'b', 'z'] }, (a, b) => {
      const [c, d] = addStage(first, [b, a], { outputs: 2 });
      const e = addStage(model, [d, c]);
      return [e, b, c];
    });
  });
  const at = expect.stringMatching(/^authoring\/authoring\.test\.ts:\d+$/) as unknown;
  expect(models).toEqual([
    {
      files: ['m.onnx'],
      withBatchDim: true,
      isBatchDimStated: false,
      withoutBatchDimInputs: [],
      session: {},
      warmUp: false,
      decryption: undefined,
      caller: new ModelCaller(),
      at,
    },
  ]);
  expect(methods).toEqual([
    {
      name: 'm',
      inputs: [{ name: 'a' }, { name: 'b' }],
      outputs: [
        { name: 'y', slot: 4 },
        { name: 'b', slot: 1 },
        { name: 'z', slot: 2 },
      ],
      stages: [
        {
          kind: 'function',
          name: 'first',
          run: first,
          tag: undefined,
          batchSize: undefined,
          timeoutMs: undefined,
          inputs: [1, 0],
          outputs: [2, 3],
          at,
        },
        { ...plainModelStage, model: models[0], inputs: [3, 2], outputs: [4], at },
      ],
      constants: [],
      slotCount: 5,
      idempotent: true,
      isDefault: false,
      isStreaming: false,
      batching: {},
      at,
    },
  ]);
});

test('a function without a name is anonymous, and no inputs, outputs or stages are fine', async () => {
  const { methods } = await define(() => {
    registerMethod('none', { inputs: [], outputs: [] }, () => []);
    registerMethod('constant', { inputs: [], outputs: ['y'] }, () => addStage(() => 1, []));
    registerMethod('unused', { inputs: ['x'], outputs: [] }, () => []);
  });
  expect(methods.map(({ name, slotCount }) => [name, slotCount])).toEqual([
    ['none', 0],
    ['constant', 1],
    ['unused', 1],
  ]);
  expect(methods[1]!.stages[0]).toMatchObject({ name: 'anonymous' });
});

test('a method may say that its instances must not be run again', async () => {
  const { methods } = await define(() => {
    for (const idempotent of [true, false])
      registerMethod(String(idempotent), { inputs: ['x'], outputs: ['y'], idempotent }, (x) => x);
  });
  expect(methods.map(({ name, idempotent }) => [name, idempotent])).toEqual([
    ['true', true],
    ['false', false],
  ]);
});

test('whether a method is idempotent is true or false', async () => {
  await define(() => {
    const given = 'no' as unknown as boolean;
    expect(() => registerMethod('m', { inputs: [], outputs: [], idempotent: given }, () => [])).toThrow(
      servingError('LOAD_FAILED', /method m: idempotent: expected true or false, given 'no'$/),
    );
    registerMethod('m', { inputs: [], outputs: [] }, () => []);
  });
});

test('names are free, as long as they differ', async () => {
  const { methods } = await define(() =>
    registerMethod('__proto__', { inputs: ['constructor', '__proto__'], outputs: ['toString'] }, (a) => a),
  );
  expect(methods[0]).toMatchObject({
    name: '__proto__',
    inputs: [{ name: 'constructor' }, { name: '__proto__' }],
  });
});

test('lists of names are copied', async () => {
  const inputs = ['x'];
  const { methods } = await define(() => {
    registerMethod('m', { inputs, outputs: ['y'] }, (...all: Placeholder[]) => all[0]!);
    inputs.push('later');
  });
  expect(methods[0]!.inputs).toEqual([{ name: 'x' }]);
});

test('lines are known whatever becomes of stacks', async () => {
  const kept: unknown = Reflect.get(Error, 'prepareStackTrace');
  try {
    for (const made of [[], undefined, 7, 'text']) {
      const { methods } = await define(() => {
        Error.prepareStackTrace = () => made;
        registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);
        expect(new Error('later').stack).toBe(made);
      });
      expect(methods[0]!.at).toMatch(/^authoring\/authoring\.test\.ts:\d+$/);
    }
  } finally {
    Reflect.set(Error, 'prepareStackTrace', kept);
  }
});

test('so are shapes, sizes to pad to and what is wished of batches', async () => {
  const shape: (number | string)[] = ['n', 2];
  const to = [4, 8];
  const preferredBatchSizes = [1, 2];
  const { methods } = await define(() => {
    registerMethod(
      'm',
      {
        inputs: { x: { dtype: 'int32', shape, pad: { to } } },
        outputs: { y: { shape } },
        batching: { preferredBatchSizes },
      },
      ({ x }) => ({ y: x }),
    );
    for (const list of [shape, to, preferredBatchSizes]) list.push(16);
  });
  const [{ inputs, outputs, batching }] = methods as [MethodDefinition];
  expect(inputs).toMatchObject([{ shape: ['n', 2], padding: { dimension: 0, sizes: [4, 8] } }]);
  expect(outputs).toMatchObject([{ shape: ['n', 2] }]);
  expect(batching).toEqual({ preferredBatchSizes: [1, 2] });
});

test('a placeholder of a method that failed cannot be used in the next', async () => {
  const leaked: Placeholder[] = [];
  await define(() => {
    expect(() =>
      registerMethod('a', { inputs: ['x'], outputs: ['y', 'z'] }, (x) => {
        leaked.push(x);
        return x;
      }),
    ).toThrow(servingError('LOAD_FAILED', /output size 1 not match registered 2/));
    expect(() => registerMethod('b', { inputs: ['x'], outputs: ['y'] }, () => leaked[0]!)).toThrow(
      servingError('LOAD_FAILED', /method b: output y: .*given a value of method a$/),
    );
    registerMethod('a', { inputs: ['x'], outputs: ['y'] }, (x) => x);
  });
});

test('a placeholder is no list and no number, for the compiler and when the configuration runs', async () => {
  const misuses: ((x: Placeholder) => unknown)[] = [
    // @ts-expect-error -- one output is no list
    (x) => ([] = addStage(first, [x])),
    // @ts-expect-error -- a placeholder is no list
    (x) => [...x],
    // @ts-expect-error -- a placeholder is no number
    (x) => x * 2,
    // oxlint-disable-next-line typescript/no-base-to-string, typescript/restrict-template-expressions -- the mistake in question
    (x) => `${x}`,
    // @ts-expect-error -- a placeholder is no number
    (x) => x + x,
  ];
  const [list, value] = [/method m: expected a list, given one placeholder;/, /method m: placeholders stand/];
  await define(() => {
    for (const [index, misuse] of misuses.entries()) {
      const build = (x: Placeholder) => misuse(x) as Placeholder;
      expect(() => registerMethod('m', { inputs: ['x'], outputs: ['y'] }, build)).toThrow(
        servingError('LOAD_FAILED', index < 2 ? list : value),
      );
    }
    registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);
  });
});

test('a placeholder that a stage closes over is a mistake when it runs, too', async () => {
  const leaked: Placeholder[] = [];
  await define(() =>
    registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => {
      leaked.push(x);
      return x;
    }),
  );
  expect(() => Number(leaked[0])).toThrow(servingError('LOAD_FAILED', /^method m: placeholders stand for/));
});

test('nothing can be declared before, between and after configurations', async () => {
  const text = /^declareModel can only be called while a servable_config is being loaded$/;
  expect(() => declareModel({ file: 'm.onnx' })).toThrow(servingError('LOAD_FAILED', text));
  await expect(define(() => undefined)).rejects.toEqual(
    servingError(
      'LOAD_FAILED',
      /^authoring\/authoring\.test\.ts: There is no method registered for servable/,
    ),
  );
  expect(() => declareModel({ file: 'm.onnx' })).toThrow(servingError('LOAD_FAILED', text));
  await expect(
    define(() => {
      throw new Error('thrown');
    }),
  ).rejects.toThrow('thrown');
  expect(() => addStage(first, [])).toThrow(servingError('LOAD_FAILED', /^addStage can only/));
  expect(() => registerMethod('m', { inputs: [], outputs: [] }, () => [])).toThrow(
    servingError('LOAD_FAILED', /^registerMethod can only/),
  );
});

test('the innermost place below a folder is found whatever surrounds it', () => {
  const error = new Error('x');
  error.stack = [
    'Error: x',
    '    at deep (/elsewhere/lib.js:1:2)',
    '    at f (/my folder/sub/helper.ts:7:3)',
    '    at g (file:///my folder/servable_config.ts:9:1)',
  ].join('\n');
  expect(innermostLine(error, '/my folder')).toBe('my folder/sub/helper.ts:7');
  expect(innermostLine(error, '/my')).toBeUndefined();
  delete error.stack;
  expect(innermostLine(error, '/my folder')).toBeUndefined();
});

test('how batches are formed is taken over as it is declared', async () => {
  const batching = { maxBatchSize: 8, preferredBatchSizes: [4, 8], maxQueueDelayMs: 2.5, weight: 3 };
  const { methods } = await define(() => {
    registerMethod('m', { inputs: ['x'], outputs: ['y'], batching }, (x) => x);
  });
  expect(methods[0]!.batching).toEqual(batching);
});

test.each([
  [{ maxBatchSise: 4 }, /unknown option 'maxBatchSise'; expected maxBatchSize, maxBatchBytes, /],
  [{ maxBatchSize: 0 }, /maxBatchSize: expected a whole number from 1 to 1000000000, given 0$/],
  [
    { preferredBatchSizes: [4, 2] },
    /preferredBatchSizes: expected .*greater than the one before, given \[4,2\]$/,
  ],
  [{ preferredBatchSizes: [] }, /preferredBatchSizes: .*given \[\]$/],
  [
    { maxBatchSize: 4, preferredBatchSizes: [8] },
    /preferredBatchSizes: expected none above maxBatchSize 4, given 8$/,
  ],
  [
    { maxQueueDelayMs: -1 },
    /maxQueueDelayMs: expected milliseconds from 0, up to a day \(86400000\), given -1$/,
  ],
  [
    { maxBatchSize: 2 ** 31, weight: 0, preferredBatchSizes: [4] },
    /maxBatchSize: expected a whole number from 1 to 1000000000, given 2147483648; weight: expected a number from 0.001 to 1000, given 0$/,
  ],
  [
    { latencyTargetMs: 0 },
    /latencyTargetMs: expected milliseconds above 0, up to a day \(86400000\), given 0$/,
  ],
  [{ priority: 1001 }, /priority: expected a whole number from -1000 to 1000, given 1001$/],
  [{ weight: 0 }, /weight: expected a number from 0.001 to 1000, given 0$/],
  [{ refuseLate: 'yes' }, /refuseLate: expected true or false, given "yes"$/],
])('batching %j is a mistake', async (given, message) => {
  await define(() => {
    const batching = given as Batching;
    expect(() => registerMethod('m', { inputs: [], outputs: [], batching }, () => [])).toThrow(
      servingError('LOAD_FAILED', new RegExp(`method m: batching: ${message.source}`)),
    );
    registerMethod('m', { inputs: [], outputs: [] }, () => []);
  });
});

test('an input that is padded is given in its padded form, and its length beside it', async () => {
  const { methods } = await define(() => {
    registerMethod(
      'm',
      {
        inputs: {
          ids: { dtype: 'int64', shape: [2, 'n'], pad: { to: [4, 8], with: 7, length: 'ids_length' } },
          other: {},
        },
        outputs: ['padded', 'length', 'other'],
      },
      ({ ids, ids_length, other }) => [ids, ids_length, other],
    );
  });
  const { inputs, outputs, stages, slotCount } = methods[0]!;
  expect(inputs).toEqual([
    { name: 'ids', dtype: 'int64', shape: [2, 'n'], padding: { dimension: 1, sizes: [4, 8] } },
    { name: 'other' },
  ]);
  expect(outputs.map(({ slot }) => slot)).toEqual([2, 3, 1]);
  expect(stages).toMatchObject([{ kind: 'function', name: 'pad ids', inputs: [0], outputs: [2, 3] }]);
  expect(slotCount).toBe(4);
});

test.each([
  [
    { shape: ['n'], pad: { to: [4] } },
    /expected beside it a numeric dtype and a shape .*given no dtype and \["n"\]$/,
  ],
  [{ dtype: 'string', shape: ['n'], pad: { to: [4] } }, /given string and \["n"\]$/],
  [{ dtype: 'int64', pad: { to: [4] } }, /given int64 and no shape$/],
  [{ dtype: 'int64', shape: ['n', 'm'], pad: { to: [4] } }, /given int64 and \["n","m"\]$/],
  [{ dtype: 'int64', shape: ['n'], pad: { to: [8, 4] } }, /to: expected whole numbers .*given \[8,4\]$/],
  [{ dtype: 'int64', shape: ['n'], pad: { to: [8], with: 'x' } }, /with: expected a number, given 'x'$/],
  [
    { dtype: 'int64', shape: ['n'], pad: { to: [8], with: 1.5 } },
    /with: expected a value that int64 has, given 1.5$/,
  ],
  [
    { dtype: 'uint8', shape: ['n'], pad: { to: [8], with: -1 } },
    /with: expected a value that uint8 has, given -1$/,
  ],
  [{ dtype: 'int64', shape: ['n'], pad: { to: [8], length: '' } }, /length: expected a name, given ''$/],
  [{ dtype: 'int64', shape: ['n'], pad: { to: [8], length: 'x' } }, /a name that is not in use, given 'x'$/],
  [
    { dtype: 'int64', shape: ['n'], pad: { sizes: [8] } },
    /unknown option 'sizes'; expected to, with, length$/,
  ],
])('an input %j cannot be padded', async (given, message) => {
  await define(() => {
    const inputs = { x: given as PortOptions };
    expect(() => registerMethod('m', { inputs, outputs: ['y'] }, ({ x }) => x)).toThrow(
      servingError('LOAD_FAILED', message),
    );
    registerMethod('m', { inputs: [], outputs: [] }, () => []);
  });
});

test("the last stage of a streaming method may be a generator, whose outputs are the method's", async () => {
  const { methods } = await define(() => {
    registerMethod('many', { inputs: ['x'], outputs: { y: {}, z: {} }, streaming: true }, (x) => {
      const batched = addStage(
        function* (xs: unknown[]) {
          yield* xs;
        },
        [addStage(first, [x])],
        { batchSize: 0 },
      );
      const [z, y] = addStage(
        function* (one: unknown) {
          yield [one, one];
        },
        [batched],
        { outputs: 2 },
      );
      return { y, z };
    });
    registerMethod('iterated', { inputs: [], outputs: ['y'], streaming: true }, () =>
      addStage(() => [1].values(), []),
    );
    registerMethod('one', { inputs: ['x'], outputs: ['x'], streaming: false }, (x) => x);
  });
  expect(methods.map(({ name, isStreaming }) => [name, isStreaming])).toEqual([
    ['many', true],
    ['iterated', true],
    ['one', false],
  ]);
});
