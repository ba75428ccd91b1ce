import { expect, test } from '@jest/globals';
import type { Block } from '@serving/common';
import { Lanes, laneRuleOf } from '../../src/batching/lanes.js';
import { callOf, floats, shaped } from '../support/calls.js';

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
    'x:float32[16]',
  ]);
});

const bySameShapes = laneRuleOf({ inputs: [], batching: { sameShapes: true } });
const queuesOf = (lanes: Lanes) => [...lanes.queues];

test('a call of several shapes waits in several places, and leaves no queue behind', () => {
  const lanes = new Lanes(bounds, bySameShapes);
  const call = callOf([shaped(2), shaped(3), shaped(2), floats()]);
  const { places } = lanes.add(call);
  expect(places.map(({ lane, left }) => [lane, left])).toEqual([
    ['x:float32[2]', 2],
    ['x:float32[3]', 1],
  ]);
  expect([lanes.instances, queuesOf(lanes).length, lanes.places()]).toEqual([3, 2, places]);
  expect(lanes.remove(places[0]!)).toEqual([
    { first: 0, count: 1 },
    { first: 2, count: 1 },
  ]);
  expect([lanes.instances, queuesOf(lanes).length, lanes.remove(places[0]!)]).toEqual([1, 1, []]);
  lanes.take(queuesOf(lanes)[0]!, 9, Infinity);
  expect([lanes.instances, queuesOf(lanes).length]).toEqual([0, 0]);
});

test('a call without instances waits nowhere', () => {
  const lanes = new Lanes(bounds, undefined);
  expect([lanes.add(callOf([floats()])).places, lanes.add(callOf([])).places, lanes.instances]).toEqual([
    [],
    [],
    0,
  ]);
});

test('however many shapes there are, queues stay few, and every batch is of one shape', () => {
  const lanes = new Lanes(bounds, bySameShapes);
  const shapes = Array.from({ length: 200 }, (_, i) => [1 + (i % 80)]);
  const waiting = shapes.map((shape) => lanes.add(callOf([shaped(...shape)])));
  expect(queuesOf(lanes).length).toBeLessThanOrEqual(33);
  for (const { places } of waiting.slice(0, 50)) lanes.remove(places[0]!);
  expect(lanes.instances).toBe(150);
  const seen: number[] = [];
  for (let queue = lanes.next(() => true); queue !== undefined; queue = lanes.next(() => true)) {
    const { entries, places } = lanes.take(queue, 8, Infinity);
    expect(new Set(places.map(({ lane }) => lane)).size).toBe(1);
    seen.push(...entries.map(({ call }) => call.id));
  }
  expect(new Set(seen)).toEqual(new Set(waiting.slice(50).map(({ call }) => call.id)));
  expect([seen.length, lanes.instances, queuesOf(lanes)]).toEqual([150, 0, []]);
});

test('queues of equal priority take turns, one of a higher priority goes before', () => {
  const lanes = new Lanes(bounds, bySameShapes);
  const big = callOf(Array.from({ length: 40 }, () => shaped(2)));
  const [small, urgent] = [callOf([shaped(3)]), callOf([shaped(4)], { priority: 1 })];
  for (const call of [big, small, urgent]) lanes.add(call);
  const order = Array.from({ length: 4 }, () => {
    const queue = lanes.next(() => true)!;
    return lanes.take(queue, 8, Infinity).places[0]!.call;
  });
  expect(order).toEqual([urgent, big, small, big]);
});
