import { expect, test } from '@jest/globals';
import { resolveLimits } from '../../src/batching/batch-limits.js';
import { QueueBudget } from '../../src/batching/queue-budget.js';

const method = resolveLimits({ maxQueueInstances: 5, maxQueueBytes: 100, maxQueueRequests: 3 });

test('what would exceed instances, bytes or requests is told with what waits, what is given and the limit', () => {
  const budget = QueueBudget.ofMethod(method);
  budget.take(3, 60);
  expect([budget.shortage(3, 1), budget.shortage(2, 41), budget.shortage(2, 40)]).toEqual([
    'Serving Error: enqueued requests count exceeds the limit 5; 3 instances wait and 3 more are given, expected at most 5 in all (--max-queue-instances)',
    'Serving Error: enqueued requests count exceeds the limit of 100 bytes; 60 bytes wait and 41 more are given, expected at most 100 in all (--max-queue-mb)',
    undefined,
  ]);
  budget.take(1, 1);
  budget.take(1, 1);
  budget.giveInstances(1);
  expect(budget.shortage(1, 1)).toBe(
    'Serving Error: enqueued requests count exceeds the limit of 3 requests; 3 requests wait and 1 more are given, expected at most 3 in all (--max-queue-requests)',
  );
});

test('a message is held until the last of its instances has gone', () => {
  const budget = QueueBudget.ofMethod(method);
  budget.take(3, 90);
  budget.giveInstances(3);
  expect([budget.bytes, budget.shortage(1, 11)]).toEqual([90, expect.stringContaining('90 bytes wait')]);
  budget.giveRequest(90);
  expect([budget.bytes, budget.shortage(5, 100)]).toEqual([0, undefined]);
});

test('all methods together have limits of their own', () => {
  const all = QueueBudget.ofAll(
    resolveLimits({ maxTotalInstances: 6, maxTotalBytes: 150, maxTotalRequests: 3 }),
  );
  const [a, b] = [QueueBudget.ofMethod(method, all), QueueBudget.ofMethod(method, all)];
  a.take(4, 90);
  expect([b.shortage(3, 1), b.shortage(1, 61), b.shortage(2, 60)]).toEqual([
    'Serving Error: enqueued requests count exceeds the limit 6; 4 instances of all methods wait and 3 more are given, expected at most 6 in all (--max-total-instances)',
    'Serving Error: enqueued requests count exceeds the limit of 150 bytes; 90 bytes of all methods wait and 61 more are given, expected at most 150 in all (--max-total-mb)',
    undefined,
  ]);
  a.giveInstances(4);
  a.giveRequest(90);
  expect(b.shortage(5, 100)).toBeUndefined();
});
