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

const waiting = (instances: number, more: object = {}) => ({
  instances,
  isBegun: false,
  oldestAt: 100,
  earliestDeadline: Infinity,
  ...more,
});

test('without a delay a batch goes at once, whatever there is', () => {
  expect(ruleOf({}).dueAt(waiting(1), 0)).toBe(-Infinity);
  expect(ruleOf({ preferredBatchSizes: [8] }).dueAt(waiting(1), 0)).toBe(-Infinity);
});

test('with a delay it goes when the first has waited so long, when it is full, or when a request has begun', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5 });
  expect([rule.dueAt(waiting(1), 0), rule.dueAt(waiting(15), 0)]).toEqual([105, 105]);
  expect([rule.dueAt(waiting(16), 0), rule.dueAt(waiting(1, { isBegun: true }), 0)]).toEqual([
    -Infinity,
    -Infinity,
  ]);
});

test('with a delay it goes when the smallest preferred size is there', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5, preferredBatchSizes: [4, 8] });
  expect([rule.dueAt(waiting(3), 0), rule.dueAt(waiting(4), 0)]).toEqual([105, -Infinity]);
});

test('a deadline cuts the delay to half of what the run leaves until then', () => {
  const late = waiting(2, { earliestDeadline: 152 });
  expect(ruleOf({ maxQueueDelayMs: 100 }).dueAt(late, 0)).toBe(126);
  expect(ruleOf({ maxQueueDelayMs: 100 }, tenPlusEach()).dueAt(late, 0)).toBeCloseTo(120);
  expect(ruleOf({ maxQueueDelayMs: 5 }).dueAt(late, 0)).toBe(105);
});

test('a batch is the share of an idle replica, at least minShare and at most maxBatchSize', () => {
  const rule = ruleOf({});
  expect([rule.size(20, 1), rule.size(20, 7), rule.size(40, 40), rule.size(3, 40)]).toEqual([4, 7, 16, 3]);
});

test('a batch is of the largest preferred size that fits, before it is an equal share', () => {
  const rule = ruleOf({ preferredBatchSizes: [6, 12] });
  expect([rule.size(40, 40), rule.size(11, 11), rule.size(7, 1), rule.size(5, 5)]).toEqual([12, 6, 6, 5]);
});

test('a batch is no larger than what is predicted to run within the time; of an instance alone it is one', () => {
  const service = tenPlusEach();
  expect([15.5, 10.5].map((maxBatchTimeMs) => ruleOf({ maxBatchTimeMs }, service).limit)).toEqual([5, 1]);
  expect(ruleOf({ maxBatchTimeMs: 1 }).limit).toBe(16);
});

test('what a batch took is learnt', () => {
  const rule = ruleOf({ maxBatchTimeMs: 10 });
  rule.observe(16, 32, undefined);
  expect(rule.limit).toBe(5);
});

test('few instances of a method whose batches are brief wait for the batch before them, for a millisecond at most', () => {
  const brief = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) brief.observe(n, 0.02 * n);
  const due = (instances: number, inFlight: number, service = brief, more: object = {}) =>
    ruleOf(more, service).dueAt(waiting(instances), inFlight);
  expect([due(3, 1), due(3, 0), due(4, 1)]).toEqual([101, -Infinity, -Infinity]);
  expect([due(3, 1, tenPlusEach()), due(3, 1, new ServiceTime())]).toEqual([-Infinity, -Infinity]);
  expect(due(3, 1, brief, { maxQueueDelayMs: 7 })).toBe(107);
});
