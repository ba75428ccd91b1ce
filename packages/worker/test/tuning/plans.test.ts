import { describe, expect, test } from '@jest/globals';
import { batchSizes, threadPlans } from '../../src/tuning/plans.js';

const shown = (cores: number, fitting = Infinity) =>
  threadPlans(cores, fitting).map(({ executors, intraOpThreads }) => `${executors}x${intraOpThreads}`);

describe('plans of threads', () => {
  test.each([
    [1, ['1x1']],
    [2, ['1x1', '1x2', '2x1']],
    [6, ['1x1', '1x6', '2x3', '4x1', '6x1']],
    [8, ['1x1', '1x8', '2x4', '4x2', '8x1']],
  ])('divide %i cores over executors', (cores, expected) => {
    expect(shown(cores)).toEqual(expected);
  });

  test('have no more executors than fit into memory', () => {
    expect(shown(8, 3)).toEqual(['1x1', '1x8', '2x4']);
  });
});

describe('batch sizes', () => {
  test.each([
    [0, [1, 2, 4, 8, 16, 32, 64]],
    [1, [1, 2, 4, 8, 16, 32, 64]],
    [8, [8, 16, 32, 64]],
    [48, [48, 96]],
    [5, [5, 10, 20, 40]],
    [100, [100, 200]],
  ])('for a model that takes %i at a time', (modelBatchSize, expected) => {
    expect(batchSizes(modelBatchSize)).toEqual(expected);
  });
});
