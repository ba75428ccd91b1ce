import { expect, test } from '@jest/globals';
import { createLogger, systemClock } from '@serving/common';
import { ExecutorPool } from '../../src/executors/executor-pool.js';

test('a batch that finds no executor idle is returned, on a turn of its own', async () => {
  const pool = new ExecutorPool(
    {
      load: { directory: '.', servable: 'add', version: 1, intraOpThreads: 1 },
      executors: 1,
      executionTimeoutMs: 1000,
      loadTimeoutMs: 1000,
      clock: systemClock,
      logger: createLogger('test', 'silent'),
    },
    { executorIdle: () => undefined, executorLost: () => undefined, availability: () => undefined },
  );
  const told: string[] = [];
  pool.run({
    batchId: 1,
    method: 'add_common',
    count: 2,
    frame: new ArrayBuffer(8),
    onFrame: () => told.push('reply'),
    onDone: () => told.push('done'),
    onReturned: () => told.push('returned'),
  });
  expect(told).toEqual([]);
  await Promise.resolve();
  expect(told).toEqual(['returned']);
});
