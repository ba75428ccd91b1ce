import { expect, test } from '@jest/globals';
import { Block, numericColumn } from '@serving/common';
import { Lanes, laneRuleOf } from '../../src/batching/lanes.js';
import { callOf, floats } from '../support/calls.js';

/** A block of one instance with an input of this shape. */
function shaped(...shape: number[]): Block {
  const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b, 1));
  return new Block(1, [numericColumn('x', 'float32', shape, [bytes])]);
}

const bounds = { maxBatchSize: 8, maxBatchBytes: 1e6 };
const padding = { dimension: 0, sizes: [16, 32] };

test('there is one lane unless equal shapes are asked for or an input is padded', () => {
  expect(laneRuleOf({ inputs: [{ name: 'x' }] })).toBeUndefined();
  expect(laneRuleOf({ inputs: [{ name: 'x' }], batching: { maxBatchSize: 4 } })).toBeUndefined();
});

test('equal shapes share a lane, or equal padded sizes of the inputs that are padded', () => {
  const bySameShape = laneRuleOf({ inputs: [{ name: 'x' }], batching: { sameShapes: true } })!;
  const byPadding = laneRuleOf({ inputs: [{ name: 'x', padding }, { name: 'z' }] })!;
  const names = (rule: (block: Block) => string) =>
    [shaped(5, 2), shaped(16, 2), shaped(17, 2), shaped(33, 2), shaped()].map(rule);
  expect(names(bySameShape)).toEqual([
    'x:float32[5,2]',
    'x:float32[16,2]',
    'x:float32[17,2]',
    'x:float32[33,2]',
    'x:float32[]',
  ]);
  // What is larger than the largest size is refused by the method, and needs no company for that.
  expect(names(byPadding)).toEqual([
    'x:float32[16,2]',
    'x:float32[16,2]',
    'x:float32[32,2]',
    'x:float32[33,2]',
    'x:float32[]',
  ]);
});

test('a call of several shapes waits in several lanes, with its bytes divided, and leaves no lane behind', () => {
  const lanes = new Lanes(bounds, laneRuleOf({ inputs: [], batching: { sameShapes: true } }));
  const call = callOf([shaped(2), shaped(3), shaped(2), floats()], { retainedBytes: 11 });
  const waiting = lanes.add(call);
  expect(waiting.map(({ lane, left, bytes }) => [lane, left, bytes])).toEqual([
    ['x:float32[2]', 2, 6],
    ['x:float32[3]', 1, 5],
  ]);
  expect([lanes.instances, [...lanes.queues].length, lanes.waiting()]).toEqual([3, 2, waiting]);
  expect(lanes.remove(waiting[0]!)).toEqual([
    { first: 0, count: 1 },
    { first: 2, count: 1 },
  ]);
  expect([lanes.instances, [...lanes.queues].length, lanes.remove(waiting[0]!)]).toEqual([1, 1, []]);
  const [left] = lanes.queues;
  left!.take(9, Infinity);
  lanes.taken(1);
  expect([lanes.instances, [...lanes.queues].length]).toEqual([0, 0]);
});

test('a call without instances waits nowhere', () => {
  const lanes = new Lanes(bounds, undefined);
  expect([lanes.add(callOf([floats()])), lanes.add(callOf([])), lanes.instances]).toEqual([[], [], 0]);
});
