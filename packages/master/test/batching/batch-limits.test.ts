import { expect, test } from '@jest/globals';
import { resolveLimits } from '../../src/batching/batch-limits.js';

test('what is not given, or given as undefined, has its default', () => {
  const defaults = resolveLimits();
  expect(defaults).toEqual({
    maxBatchSize: 64,
    maxBatchBytes: 67_108_864,
    minShare: 16,
    maxQueueInstances: 100_000,
    maxQueueBytes: 1_073_741_824,
    maxQueueRequests: 100_000,
    maxTotalInstances: 200_000,
    maxTotalBytes: 2_147_483_648,
    maxTotalRequests: 200_000,
  });
  expect(resolveLimits({ minShare: undefined })).toEqual(defaults);
  expect(resolveLimits({ maxBatchSize: 1, maxQueueBytes: Infinity })).toEqual({
    ...defaults,
    maxBatchSize: 1,
    maxQueueBytes: Infinity,
  });
});

test('limits that nothing would fit are refused, all at once', () => {
  expect(() => resolveLimits({ maxBatchSize: 0, maxBatchBytes: 1.5, maxQueueBytes: NaN })).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: [
        'maxBatchSize: expected a whole number from 1 to 9007199254740991, given 0',
        'maxBatchBytes: expected a whole number from 1 to 9007199254740991, or Infinity, given 1.5',
        'maxQueueBytes: expected a whole number from 1 to 9007199254740991, or Infinity, given NaN',
      ].join('\n'),
    }),
  );
});
