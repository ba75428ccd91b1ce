/** Streaming methods at work on instances 1, 2 and 3, and what becomes of these in few words. */
import { expect } from '@jest/globals';
import { contiguousBytes, type CallRange, type Reply, type Tensor } from '@serving/common';
import type { MethodDefinition, StageDefinition, StageFunction } from '../../src/definition/definition.js';
import { executeBatch, type BatchControl } from '../../src/execution/execute-batch.js';
import { batchOf, block, control, doubled, FakeSession, floatColumn } from './batch.js';
import { functionStage, loaded, ports } from './batch.js';

export const numberOf = (x: Tensor) => Number(x.data[0]);
export const model = loaded(new FakeSession([['N']], [['N']], doubled));

interface Run {
  readonly control?: Partial<BatchControl>;
  readonly calls?: readonly CallRange[];
  readonly outputs?: MethodDefinition['outputs'];
}

/** A streaming method of these stages on instances 1, 2, 3. Its replies in their order, and those that came early. */
export async function run(stages: StageDefinition[], { control: more, calls = [], outputs }: Run = {}) {
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

export const stage = (each: StageFunction, options = {}) => functionStage(each, [0], [1], options);

/** `1.0 10` is the first response to instance 1, `1.1 end` what ends them. */
export function shown({ first, count, sequence, last, outcome }: Reply): string {
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

export const ofInstance = (all: readonly string[], instance: number) =>
  all.filter((text) => text.startsWith(`${instance}.`));

/** The exception of a stage as callers see it. */
export const failed = (what: string) =>
  `STAGE_FAILED: Call Function 's.anonymous' Failed, method: 'm', stage index(begin with 1): 1, error msg: ${what}`;

/** Counts what it yields, and whether it was told that nobody wants more. */
export function endless(isAsync: boolean) {
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

export const call = (remainingMs?: number): CallRange => ({
  callId: 1,
  count: 1,
  priority: 0,
  remainingMs,
  traceparent: '',
  affinityKey: new Uint8Array(0),
});
