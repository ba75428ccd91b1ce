import { expect, test } from '@jest/globals';
import { ServiceTime, type Batching } from '@serving/common';
import { resolveLimits } from '../../src/batching/batch-limits.js';
import { policyOf } from '../../src/batching/batch-policy.js';
import { BatchRule } from '../../src/batching/batch-rule.js';

const limits = resolveLimits({ maxBatchSize: 16, minShare: 4 });

function ruleOf(batching: Batching, service = new ServiceTime()): BatchRule {
  return new BatchRule(policyOf({ batching, modelBatchSize: 0 }, limits), service);
}

/** A service time of 10 ms and 1 ms for each instance. */
function tenPlusEach(): ServiceTime {
  const service = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 4, 8, 16]) service.observe(n, 10 + n);
  return service;
}

const inFlight = (batches: number, instances: number) => ({ batches, instances });
const none = inFlight(0, 0);
const waiting = (instances: number, more: object = {}) => ({
  instances,
  isBegun: false,
  oldestAt: 100,
  earliestDeadline: Infinity,
  ...more,
});

test('without a delay a batch goes at once, whatever there is', () => {
  expect(ruleOf({}).dueAt(waiting(1), none)).toBe(-Infinity);
  expect(ruleOf({ preferredBatchSizes: [8] }).dueAt(waiting(1), none)).toBe(-Infinity);
});

test('with a delay it goes when the first has waited so long, when it is full, or when a request has begun', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5 });
  expect([rule.dueAt(waiting(1), none), rule.dueAt(waiting(15), none)]).toEqual([105, 105]);
  expect([rule.dueAt(waiting(16), none), rule.dueAt(waiting(1, { isBegun: true }), none)]).toEqual([
    -Infinity,
    -Infinity,
  ]);
});

test('with a delay it goes when the smallest preferred size is there', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5, preferredBatchSizes: [4, 8] });
  expect([rule.dueAt(waiting(3), none), rule.dueAt(waiting(4), none)]).toEqual([105, -Infinity]);
});

test('a deadline cuts the delay to half of what the run leaves until then', () => {
  const late = waiting(2, { earliestDeadline: 152 });
  expect(ruleOf({ maxQueueDelayMs: 100 }).dueAt(late, none)).toBe(126);
  expect(ruleOf({ maxQueueDelayMs: 100 }, tenPlusEach()).dueAt(late, none)).toBeCloseTo(120);
  expect(ruleOf({ maxQueueDelayMs: 5 }).dueAt(late, none)).toBe(105);
});

test('a batch is an equal part for every executor, at least minShare and at most maxBatchSize', () => {
  const rule = ruleOf({});
  const sizes = [
    [20, 0, 20],
    [20, 0, 3],
    [40, 0, 1],
    [3, 0, 1],
  ].map(([instances, running, executors]) => rule.size(instances!, inFlight(1, running!), executors!));
  expect(sizes).toEqual([4, 7, 16, 3]);
});

test('what runs already counts: no batch grows at the cost of the next', () => {
  const rule = ruleOf({});
  expect([rule.size(24, inFlight(1, 8), 4), rule.size(24, inFlight(1, 8), 2)]).toEqual([8, 16]);
});

test('of instances that take long, one is worth a batch', () => {
  const rule = ruleOf({}, tenPlusEach());
  expect([rule.size(2, none, 2), rule.size(6, none, 2), rule.size(1, none, 2)]).toEqual([1, 3, 1]);
});

test('a batch is of the largest preferred size that fits, before it is an equal share', () => {
  const rule = ruleOf({ preferredBatchSizes: [6, 12] });
  const sizes = [
    [40, 1],
    [11, 1],
    [7, 7],
    [5, 1],
  ].map(([instances, executors]) => rule.size(instances!, none, executors!));
  expect(sizes).toEqual([12, 6, 6, 5]);
});

test('a batch is no larger than what is predicted to run within the time; of an instance alone it is one', () => {
  const service = tenPlusEach();
  expect([15.5, 10.5].map((maxBatchTimeMs) => ruleOf({ maxBatchTimeMs }, service).limit)).toEqual([5, 1]);
  expect(ruleOf({ maxBatchTimeMs: 1 }).limit).toBe(16);
});

test('what a batch took is learnt', () => {
  const rule = ruleOf({ maxBatchTimeMs: 10 });
  rule.observe(16, 32, undefined, 0);
  expect(rule.limit).toBe(5);
});

test('few instances of a method whose batches are brief wait for the batch before them, for a millisecond at most', () => {
  const brief = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) brief.observe(n, 0.02 * n);
  const due = (instances: number, batches: number, service = brief, more: object = {}) =>
    ruleOf(more, service).dueAt(waiting(instances), inFlight(batches, batches));
  expect([due(3, 1), due(3, 0), due(4, 1)]).toEqual([101, -Infinity, -Infinity]);
  expect([due(3, 1, tenPlusEach()), due(3, 1, new ServiceTime())]).toEqual([-Infinity, -Infinity]);
  expect(due(3, 1, brief, { maxQueueDelayMs: 7 })).toBe(107);
});

test('where a batch takes its time however few instances it has, callers just answered get a millisecond to come back', () => {
  const rule = ruleOf({}, tenPlusEach());
  expect(rule.dueAt(waiting(3), none)).toBe(-Infinity);
  rule.observe(4, 14, undefined, 250);
  expect([rule.dueAt(waiting(3), none), rule.dueAt(waiting(16), none)]).toEqual([251, -Infinity]);
  const linear = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) linear.observe(n, 5 * n);
  const other = ruleOf({}, linear);
  other.observe(4, 20, undefined, 250);
  expect(other.dueAt(waiting(3), none)).toBe(-Infinity);
});
