import { expect, test } from '@jest/globals';
import type { MethodSignature, Port } from '@serving/common';
import { symbolicDimensions, zeroBlock } from '../../src/tuning/zero-block.js';

const methodWith = (...inputs: Port[]): MethodSignature => ({
  name: 'm',
  inputs,
  outputs: [],
  modelBatchSize: 0,
  idempotent: true,
});

test('zeros have the declared dtypes and shapes; symbolic dimensions are 1 or as given', () => {
  const method = methodWith(
    { name: 'x', dtype: 'float32', shape: [2, 'n', 'm'] },
    { name: 'text', dtype: 'string', shape: [] },
  );
  const block = zeroBlock(method, 3, new Map([['n', 5]]));
  expect([block.count, block.columns.map(({ shape }) => shape)]).toEqual([3, [[2, 5, 1], []]]);
  expect(block.columns[0]).toMatchObject({ segments: [new Uint8Array(3 * 2 * 5 * 4)] });
  expect(block.columns[1]).toMatchObject({
    elements: [new Uint8Array(0), new Uint8Array(0), new Uint8Array(0)],
  });
  expect([...symbolicDimensions(method)]).toEqual(['n', 'm']);
});

test('a padded dimension is the largest size it is padded to', () => {
  const method = methodWith({
    name: 'ids',
    dtype: 'int64',
    shape: ['length'],
    padding: { dimension: 0, sizes: [32, 128] },
  });
  expect(zeroBlock(method, 1, new Map()).columns[0]!.shape).toEqual([128]);
  expect([...symbolicDimensions(method)]).toEqual([]);
});

test.each<Port>([{ name: 'x' }, { name: 'x', dtype: 'float32' }, { name: 'x', shape: [1] }])(
  'an input that is open is refused by name: %p',
  (port) => {
    expect(() => zeroBlock(methodWith(port), 1, new Map())).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^method m: expected a dtype and a shape of input x, .* in registerMethod declares them$/,
        ) as unknown,
      }),
    );
  },
);
