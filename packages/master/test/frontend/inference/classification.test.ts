import { expect, test } from '@jest/globals';
import { numericColumn } from '@serving/common';
import { classified } from '../../../src/frontend/inference/classification.js';
import { batchedEcho } from '../../support/inference.js';

function highest(instances: number, elements: number) {
  const column = numericColumn('y', 'uint8', [elements], [new Uint8Array(instances * elements)]);
  const ranges = [{ column, from: 0, to: instances }];
  const output = { name: 'y', dtype: 'uint8', shape: [instances, elements], ranges } as const;
  return classified(batchedEcho, output, 1);
}

test('as many elements are put in order as may hold up other requests', () => {
  expect(highest(4, 2 ** 10).shape).toEqual([4, 1]);
  expect(() => highest(2, 2 ** 19 + 1)).toThrow(
    "output 'y': expected at most 1048576 elements for the parameter 'classification', given 1048578",
  );
});
