import { expect, test } from '@jest/globals';
import { planCores, type PlanRequest } from '../../src/executors/core-plan.js';

const available = { cores: 4, offered: 8, quota: 4.5 };
const plan = (request: Partial<PlanRequest>) =>
  planCores({ available, weightBytes: 0, memoryBytes: 2 ** 30, ...request });

test('one executor with one thread per core is the default', () => {
  expect(plan({})).toEqual({
    executors: 4,
    intraOpThreads: 1,
    cores: 4,
    summary: '4 executors x 1 thread on 4 of 8 cores, quota 4.5; weights 4 x 0.000 MiB',
  });
});

test('cores of fewer executors are shared out as threads', () => {
  expect(plan({ executors: 1 })).toMatchObject({ executors: 1, intraOpThreads: 4 });
  expect(plan({ executors: 3 })).toMatchObject({ executors: 3, intraOpThreads: 1 });
  expect(plan({ cores: 2, executors: 5 })).toMatchObject({ executors: 5, intraOpThreads: 1, cores: 2 });
});

test('executors are limited so that their weights fill half of the memory at most', () => {
  expect(plan({ weightBytes: 2 ** 28 })).toMatchObject({ executors: 2, intraOpThreads: 2 });
  expect(plan({ weightBytes: 2 ** 28 }).summary).toBe(
    '2 executors x 2 threads on 4 of 8 cores, quota 4.5, limited by memory; weights 2 x 256.0 MiB',
  );
  expect(plan({ weightBytes: 2 ** 33 })).toMatchObject({ executors: 1, intraOpThreads: 4 });
});

test('who asks for executors gets them, whatever they weigh', () => {
  const { executors, summary } = plan({ weightBytes: 2 ** 33, executors: 3 });
  expect(executors).toBe(3);
  expect(summary).not.toContain('limited');
});

test('without a given size, memory is what the process may use', () => {
  expect(planCores({ available, weightBytes: 1 }).executors).toBe(4);
  expect(planCores({ available, weightBytes: 2 ** 60 }).executors).toBe(1);
});
