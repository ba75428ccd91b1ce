import { expect, test } from '@jest/globals';
import { strayRejections } from '../../src/executors/stray-rejections.js';

test('one a second is reported, with how many were left out since', () => {
  const reported: unknown[] = [];
  let now = 0;
  const stray = strayRejections(
    ({ reason, leftOut }) => reported.push([reason, leftOut]),
    () => now,
  );
  for (now of [0, 1, 999, 1000, 1500, 5000]) stray(new Error(`at ${now}\nand more`));
  expect(reported).toEqual([
    ['at 0', 0],
    ['at 1000', 2],
    ['at 5000', 1],
  ]);
});
