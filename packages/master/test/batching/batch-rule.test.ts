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

const idle = { waiting: 0, batches: 0, running: 0, executors: 1, earliestDeadline: Infinity };

const waiting = (instances: number, more: object = {}) => ({
  instances,
  isBegun: false,
  bytes: 0,
  oldestAt: 100,
  ...more,
});

test('without a delay a batch goes at once, whatever there is', () => {
  expect(ruleOf({}).dueAt(waiting(1), idle)).toBe(-Infinity);
  expect(ruleOf({ preferredBatchSizes: [8] }).dueAt(waiting(1), idle)).toBe(-Infinity);
});

test('with a delay it goes when the first has waited so long, when it is full, or when a request has begun', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5 });
  expect([rule.dueAt(waiting(1), idle), rule.dueAt(waiting(15), idle)]).toEqual([105, 105]);
  expect([rule.dueAt(waiting(16), idle), rule.dueAt(waiting(1, { isBegun: true }), idle)]).toEqual([
    -Infinity,
    -Infinity,
  ]);
});

test('with a delay it goes when the smallest preferred size is there', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5, preferredBatchSizes: [4, 8] });
  expect([rule.dueAt(waiting(3), idle), rule.dueAt(waiting(4), idle)]).toEqual([105, -Infinity]);
});

test('a deadline cuts the delay to half of what the run leaves until then', () => {
  const late = { ...idle, earliestDeadline: 152 };
  expect(ruleOf({ maxQueueDelayMs: 100 }).dueAt(waiting(2), late)).toBe(126);
  expect(ruleOf({ maxQueueDelayMs: 100 }, tenPlusEach()).dueAt(waiting(2), late)).toBeCloseTo(120);
  expect(ruleOf({ maxQueueDelayMs: 5 }).dueAt(waiting(2), late)).toBe(105);
});

const size = (rule: BatchRule, instances: number, executors: number, running = 0, all = instances) =>
  rule.size(instances, { ...idle, waiting: all, running, executors });

test('a batch is an equal part for every executor, at least minShare and at most maxBatchSize', () => {
  const rule = ruleOf({});
  expect([size(rule, 20, 20), size(rule, 20, 3), size(rule, 40, 1), size(rule, 3, 1)]).toEqual([4, 7, 16, 3]);
});

test('what runs counts, and what waits in other queues of the method', () => {
  const rule = ruleOf({});
  expect([size(rule, 24, 4, 8), size(rule, 24, 2, 8), size(rule, 14, 4, 0, 56)]).toEqual([8, 16, 14]);
});

test('of instances that take long, one is worth a batch; what a batch takes beside them does not count', () => {
  const rule = ruleOf({}, tenPlusEach());
  expect([size(rule, 2, 2), size(rule, 6, 2), size(rule, 1, 2)]).toEqual([1, 3, 1]);
  const flat = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) flat.observe(n, 10 + 0.01 * n);
  expect(size(ruleOf({}, flat), 6, 6)).toBe(4);
});

test('a batch is of the largest preferred size that fits, before it is an equal share', () => {
  const rule = ruleOf({ preferredBatchSizes: [6, 12] });
  expect([size(rule, 40, 1), size(rule, 11, 1), size(rule, 7, 7), size(rule, 5, 1)]).toEqual([12, 6, 6, 5]);
});

test('what waits for a fuller batch goes together, however many executors are idle', () => {
  for (const rule of [
    ruleOf({ maxQueueDelayMs: 5 }),
    ruleOf({ maxQueueDelayMs: 5 }, tenPlusEach()),
    ruleOf({ maxQueueDelayMs: 5, latencyTargetMs: 1000 }, tenPlusEach()),
  ])
    expect([size(rule, 6, 6), size(rule, 15, 4), size(rule, 40, 4)]).toEqual([6, 15, 16]);
  const preferred = ruleOf({ maxQueueDelayMs: 5, preferredBatchSizes: [4, 8] });
  expect([size(preferred, 11, 4), size(preferred, 3, 4)]).toEqual([8, 3]);
  // What the target leaves no time to wait for does not wait.
  const hurried = ruleOf({ maxQueueDelayMs: 5, latencyTargetMs: 12 }, tenPlusEach());
  expect(size(hurried, 6, 6)).toBe(1);
});

test('a batch is no larger than what is predicted to run within the time', () => {
  const service = tenPlusEach();
  expect([15.5, 11].map((maxBatchTimeMs) => ruleOf({ maxBatchTimeMs }, service).limit)).toEqual([5, 1]);
  expect(ruleOf({ maxBatchTimeMs: 1 }).limit).toBe(16);
});

test('a time that not even one instance keeps does not make batches of one: they may take twice what it takes', () => {
  expect([10.5, 1].map((maxBatchTimeMs) => ruleOf({ maxBatchTimeMs }, tenPlusEach()).limit)).toEqual([
    12, 12,
  ]);
});

test('what a batch took is learnt', () => {
  const rule = ruleOf({ maxBatchTimeMs: 10 });
  rule.learn(16, 32, 40, 0);
  expect(rule.limit).toBe(5);
});

test('few instances of a method whose batches are brief wait for the batch before them, for a millisecond at most', () => {
  const brief = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) brief.observe(n, 0.02 * n);
  const due = (instances: number, batches: number, service = brief, more: Batching = {}) =>
    ruleOf(more, service).dueAt(waiting(instances), { ...idle, batches, executors: 4 });
  expect([due(3, 1), due(3, 0), due(4, 1)]).toEqual([101, -Infinity, -Infinity]);
  expect([due(3, 1, tenPlusEach()), due(3, 1, new ServiceTime())]).toEqual([-Infinity, -Infinity]);
  expect([7, 0].map((maxQueueDelayMs) => due(3, 1, brief, { maxQueueDelayMs }))).toEqual([107, -Infinity]);
});

test('where a batch takes its time however few instances it has, callers just answered get a millisecond to come back', () => {
  const rule = ruleOf({}, tenPlusEach());
  const busy = { ...idle, batches: 1, executors: 2 };
  expect(rule.dueAt(waiting(3), busy)).toBe(-Infinity);
  rule.answered(250);
  rule.answered(250.9);
  expect([rule.dueAt(waiting(3), busy), rule.dueAt(waiting(16), busy)]).toEqual([251, -Infinity]);
  // Another executor is idle, so nothing is to be gained.
  expect(rule.dueAt(waiting(3), { ...idle, executors: 2 })).toBe(-Infinity);
  rule.formed();
  expect(rule.dueAt(waiting(3), busy)).toBe(-Infinity);
  const linear = new ServiceTime();
  for (let round = 0; round < 50; round++) for (const n of [1, 16]) linear.observe(n, 5 * n);
  const other = ruleOf({}, linear);
  other.answered(250);
  expect(other.dueAt(waiting(3), busy)).toBe(-Infinity);
});

test('a batch that is full by its bytes goes at once', () => {
  const rule = ruleOf({ maxQueueDelayMs: 5, maxBatchBytes: 100 });
  expect([rule.dueAt(waiting(1, { bytes: 100 }), idle), rule.dueAt(waiting(1), idle)]).toEqual([
    -Infinity,
    105,
  ]);
});
