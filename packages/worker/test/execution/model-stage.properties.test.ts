import { expect, test } from '@jest/globals';
import { asBytes, numericColumn, ServingError, Tensor, type Block, type NumericType } from '@serving/common';
import fc from 'fast-check';
import { BatchValues } from '../../src/execution/batch-values.js';
import { runModelStage } from '../../src/execution/model-stage.js';
import type { LoadedModel } from '../../src/models/loaded-model.js';
import type { ModelPort, ModelTensor, Session } from '../../src/sessions/session.js';
import { anyTensor, anyType, bitsOf } from '../models/any-tensor.js';
import { block, context, loaded, modelStage, ports, textColumn } from './batch.js';

/** Gives its input back, and refuses runs of another size than the model's and runs with a poisonous row in them. */
class EchoSession implements Session {
  readonly inputs: readonly ModelPort[];
  readonly symbols = new Set<string>();
  readonly outputs: readonly ModelPort[];
  readonly sizes: number[] = [];
  readonly #isPoison: (row: Tensor) => boolean;

  constructor(dtype: NumericType, shape: ModelPort['shape'], isPoison: (row: Tensor) => boolean) {
    this.inputs = [{ name: 'x', dtype, shape }];
    this.outputs = [{ name: 'y', dtype, shape }];
    this.#isPoison = isPoison;
  }

  async run(inputs: readonly ModelTensor[]): Promise<ModelTensor[]> {
    const input = inputs[0] as Tensor;
    const [size] = this.inputs[0]!.shape!;
    if (typeof size === 'number' && input.shape[0] !== size)
      throw new Error(`a run of ${input.shape[0]} in a model of ${size}`);
    this.sizes.push(input.shape[0]!);
    if (this.#isPoison(input)) throw new ServingError('SESSION_FAILED', 'Predict Failed: poison');
    await Promise.resolve();
    return [new Tensor(input.dtype, input.shape, input.data.slice())];
  }

  async release(): Promise<void> {
    await Promise.resolve();
  }
}

/** What an instance of the batch is, and what has to come of it. */
interface Planned {
  readonly section: Block;
  readonly expected: string;
}

const unfit = 'INPUT_MISMATCH';

/** Instances that fit a model of `dtype` with one open dimension, and a few that do not. */
function instanceOf(dtype: NumericType): fc.Arbitrary<Planned> {
  const fitting = fc
    .integer({ min: 0, max: 3 })
    .chain((length) => anyTensor(dtype, [length]))
    .map((tensor) => ({ section: sectionOf(tensor), expected: bitsOf(tensor) }));
  const otherType = anyType
    .filter((other) => other !== dtype)
    .chain((other) => anyTensor(other, [2]))
    .map((tensor) => ({ section: sectionOf(tensor), expected: unfit }));
  const otherRank = anyTensor(dtype, [2, 1]).map((tensor) => ({
    section: sectionOf(tensor),
    expected: unfit,
  }));
  const text = fc.string().map((given) => ({ section: block(1, textColumn('x', given)), expected: unfit }));
  return fc.oneof({ weight: 6, arbitrary: fitting }, otherType, otherRank, text);
}

function sectionOf({ dtype, shape, data }: Tensor): Block {
  return block(1, numericColumn('x', dtype, shape, [asBytes(data)]));
}

const batch = anyType.chain((dtype) =>
  fc.record({
    dtype: fc.constant(dtype),
    planned: fc.array(instanceOf(dtype), { minLength: 1, maxLength: 12 }),
    size: fc.constantFrom<string | number>('N', 1, 2, 3, 5),
  }),
);

async function run(model: LoadedModel, sections: readonly Block[]): Promise<string[]> {
  const values = new BatchValues(ports('x'), 2, sections);
  await runModelStage(modelStage(model, [0], [1]), model.graphs[0]!, values, context());
  return Array.from(
    { length: values.count },
    (_, i) => values.errorOf(i)?.code ?? bitsOf(values.slot(1).row(i) as Tensor),
  );
}

test('outputs come back in the place of their inputs, and instances that do not fit fail alone', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async ({ dtype, planned, size }) => {
      const session = new EchoSession(dtype, [size, 'M'], () => false);
      const outcomes = await run(
        loaded(session),
        planned.map(({ section }) => section),
      );
      expect(outcomes).toEqual(planned.map(({ expected }) => expected));
    }),
  );
});

test('without a batch dimension an instance is a run, whatever its shape', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async ({ dtype, planned }) => {
      const session = new EchoSession(dtype, ['M'], () => false);
      const outcomes = await run(
        loaded(session, { withBatchDim: false }),
        planned.map(({ section }) => section),
      );
      expect(outcomes).toEqual(planned.map(({ expected }) => expected));
      expect(session.sizes).toHaveLength(planned.filter(({ expected }) => expected !== unfit).length);
    }),
  );
});

test('as few runs as shapes and the size of the model allow', async () => {
  await fc.assert(
    fc.asyncProperty(batch, async ({ dtype, planned, size }) => {
      const session = new EchoSession(dtype, [size, 'M'], () => false);
      await run(
        loaded(session),
        planned.map(({ section }) => section),
      );
      const byShape = new Map<string, number>();
      for (const { expected } of planned) {
        if (expected === unfit) continue;
        const shape = /\[\d*\]/.exec(expected)![0];
        byShape.set(shape, (byShape.get(shape) ?? 0) + 1);
      }
      const limit = typeof size === 'number' ? size : planned.length;
      const runs = [...byShape.values()].reduce((sum, count) => sum + Math.ceil(count / limit), 0);
      expect(session.sizes).toHaveLength(runs);
    }),
  );
});

test('an instance that the model fails on fails alone, wherever it is', async () => {
  const poison = 0xab;
  const hasPoison = ({ data }: Tensor) => data.some((value) => value === poison);
  const bytes = fc.array(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()).chain(([length, isPoisonous]) =>
      anyTensor('uint8', [length + 1]).map(({ shape, data }) => {
        const clean = (data as Uint8Array).map((value) => (value === poison ? 0 : value));
        if (isPoisonous) clean[length] = poison;
        return new Tensor('uint8', shape, clean);
      }),
    ),
    { minLength: 1, maxLength: 12 },
  );
  await fc.assert(
    fc.asyncProperty(bytes, fc.constantFrom<string | number>('N', 1, 2, 3), async (rows, size) => {
      const session = new EchoSession('uint8', [size, 'M'], hasPoison);
      const outcomes = await run(loaded(session), rows.map(sectionOf));
      expect(outcomes).toEqual(rows.map((row) => (hasPoison(row) ? 'SESSION_FAILED' : bitsOf(row))));
    }),
  );
});
