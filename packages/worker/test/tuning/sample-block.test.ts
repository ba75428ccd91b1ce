import { expect, test } from '@jest/globals';
import type { MethodSignature, Port } from '@serving/common';
import { sampleBlock, symbolicDimensions } from '../../src/tuning/sample-block.js';

const none = { sizes: new Map(), contents: new Map() };

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
  const block = sampleBlock(method, 3, { sizes: new Map([['n', 5]]), contents: new Map() });
  expect([block.count, block.columns.map(({ shape }) => shape)]).toEqual([3, [[2, 5, 1], []]]);
  expect(block.columns[0]).toMatchObject({
    segments: Array.from({ length: 3 }, () => new Uint8Array(2 * 5 * 4)),
  });
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
  expect(sampleBlock(method, 1, none).columns[0]!.shape).toEqual([128]);
  expect([...symbolicDimensions(method)]).toEqual([]);
});

test.each<Port>([{ name: 'x' }, { name: 'x', dtype: 'float32' }, { name: 'x', shape: [1] }])(
  'an input that is open is refused by name: %p',
  (port) => {
    expect(() => sampleBlock(methodWith(port), 1, none)).toThrow(
      expect.objectContaining({
        code: 'CONFIG_INVALID',
        message: expect.stringMatching(
          /^method m: expected a dtype and a shape of input x, .* in registerMethod declares them, and --input x=<file> gives it bytes$/,
        ) as unknown,
      }),
    );
  },
);

test('an input with a content is that in every instance; one that is open becomes bytes', () => {
  const content = Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0);
  const contents = new Map([
    ['x', content],
    ['image', content],
  ]);
  const method = methodWith({ name: 'x', dtype: 'int32', shape: [2] }, { name: 'image' });
  const [x, image] = sampleBlock(method, 2, { ...none, contents }).columns;
  expect(x).toMatchObject({ segments: [content, content] });
  expect(image).toMatchObject({ dtype: 'bytes', shape: [], elements: [content, content] });
});

test.each<[Port, string]>([
  [
    { name: 'x', dtype: 'int32', shape: [3] },
    'int32 [3]: expected a file of 12 bytes, the elements of one instance, given 1',
  ],
  [{ name: 'x', dtype: 'string', shape: [2] }, 'string [2]: expected an input of one text or byte string'],
])('a content that does not fit is refused: %p', (port, problem) => {
  const samples = { ...none, contents: new Map([['x', Uint8Array.of(1)]]) };
  expect(() => sampleBlock(methodWith(port), 1, samples)).toThrow(`--input: x: ${problem}`);
});
