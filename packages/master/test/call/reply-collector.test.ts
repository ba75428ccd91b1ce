import { expect, jest, test } from '@jest/globals';
import { Block, bytesColumn, failure, ServingError, type Reply } from '@serving/common';
import fc from 'fast-check';
import { ReplyCollector, type CollectedOutcome } from '../../src/call/reply-collector.js';
import { outcomeText } from '../support/calls.js';

function answer(first: number, count: number, label = 'i'): Reply {
  const elements = Array.from({ length: count }, (_, i) => Buffer.from(`${label}${first + i}`));
  const outputs = new Block(count, [bytesColumn('y', 'string', [], elements)]).all();
  return { first, count, sequence: 0, last: true, outcome: { ok: true, outputs } };
}

function textsOf(outcomes: readonly CollectedOutcome[]): string[] {
  return outcomes.flatMap(({ count, outcome }) =>
    Array.from({ length: count }, (_, i) => outcomeText(outcome, i)),
  );
}

function collect(count: number) {
  const onComplete = jest.fn<(outcomes: readonly CollectedOutcome[]) => void>();
  return { collector: new ReplyCollector(count, onComplete), onComplete };
}

test('hands the outcomes over once, in order, when the last is there', () => {
  const { collector, onComplete } = collect(5);
  collector.reply(answer(3, 2));
  collector.reply(failure(1, 2, new ServingError('STAGE_FAILED', 'no')));
  expect(onComplete).not.toHaveBeenCalled();
  collector.reply(answer(0, 1));
  collector.reply(answer(0, 5, 'late'));
  expect(onComplete).toHaveBeenCalledTimes(1);
  expect(textsOf(onComplete.mock.calls[0]![0])).toEqual(['i0', 'STAGE_FAILED', 'STAGE_FAILED', 'i3', 'i4']);
});

test('pieces of a streamed answer are no outcome; its last one is', () => {
  const { collector, onComplete } = collect(1);
  collector.reply({ ...answer(0, 1, 'piece'), last: false });
  expect(onComplete).not.toHaveBeenCalled();
  collector.reply({ ...answer(0, 1, 'end'), sequence: 1 });
  expect(textsOf(onComplete.mock.calls[0]![0])).toEqual(['end0']);
});

test('a request of no instances is complete from the start', () => {
  const { collector, onComplete } = collect(0);
  expect(onComplete.mock.calls).toEqual([[[]]]);
  collector.reply(answer(0, 1));
  expect(onComplete).toHaveBeenCalledTimes(1);
});

test('whatever overlaps, every instance keeps its first outcome and its own outputs', () => {
  const replies = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 10 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8 }), replies, (count, given) => {
      const { collector, onComplete } = collect(count);
      const expected: (string | undefined)[] = Array.from({ length: count }, () => undefined);
      for (const [n, [first, length]] of [...given, [0, count] as const].entries()) {
        collector.reply(answer(first, length, `${n}.`));
        for (let i = first; i < Math.min(first + length, count); i++) expected[i] ??= `${n}.${i}`;
      }
      expect(onComplete).toHaveBeenCalledTimes(1);
      expect(textsOf(onComplete.mock.calls[0]![0])).toEqual(expected);
    }),
  );
});
