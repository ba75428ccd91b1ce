import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { JsonCursor } from '../../src/json/json-cursor.js';
import { JsonError } from '../../src/json/json-error.js';
import { JsonTensorReader, type JsonTensor } from '../../src/json/json-tensor.js';
import { eachElement, eachMember, now } from '../support/slices.js';
import type { LeafRules } from '../../src/json/leaf-collector.js';
import { tensorError } from './json-error-matcher.js';

function read(text: string, rules: Partial<LeafRules> = {}): JsonTensor {
  const cursor = new JsonCursor(Buffer.from(text));
  const tensor = now(new JsonTensorReader(cursor, { maxElements: 1e6, ...rules }).read());
  cursor.end();
  return tensor;
}

function* skipped(cursor: JsonCursor): Generator<void, Buffer, void> {
  yield* cursor.skip();
  return Buffer.from('x');
}

const numbers = (values: number[], firstFloat = -1) => ({
  kind: 'numbers',
  values: Float64Array.from(values),
  firstFloat,
  exact: [],
});

test.each<[string, number[], object]>([
  ['1', [], numbers([1])],
  ['1.0', [], numbers([1], 0)],
  [' [ 1 , 2.5 ] ', [2], numbers([1, 2.5], 1)],
  ['[[1,2,3],[4,5,6]]', [2, 3], numbers([1, 2, 3, 4, 5, 6])],
  ['[[[[7]]]]', [1, 1, 1, 1], numbers([7])],
  ['true', [], { kind: 'booleans', values: Uint8Array.of(1) }],
  ['[[true],[false]]', [2, 1], { kind: 'booleans', values: Uint8Array.of(1, 0) }],
  ['"a"', [], { kind: 'texts', values: [Buffer.from('a')] }],
  ['["a","é"]', [2], { kind: 'texts', values: [Buffer.from('a'), Buffer.from('é')] }],
  ['[]', [0], { kind: 'none' }],
  ['[[],[]]', [2, 0], { kind: 'none' }],
  ['[[[]],[[]]]', [2, 1, 0], { kind: 'none' }],
])('%s', (text, shape, leaves) => {
  expect(read(text)).toEqual({ shape, leaves });
});

test('any nesting of any numbers gives its shape, and its elements in order', () => {
  const tensors = fc
    .array(fc.integer({ min: 1, max: 4 }), { maxLength: 5 })
    .chain((shape) =>
      fc.tuple(fc.constant(shape), fc.infiniteStream(fc.double({ noNaN: true, noDefaultInfinity: true }))),
    );
  fc.assert(
    fc.property(tensors, ([shape, stream]) => {
      const flat: number[] = [];
      const nested = (axis: number): unknown => {
        if (axis < shape.length) return Array.from({ length: shape[axis]! }, () => nested(axis + 1));
        flat.push(stream.next().value as number);
        return flat.at(-1);
      };
      const tensor = read(JSON.stringify(nested(0)));
      expect(tensor.shape).toEqual(shape);
      // JSON.stringify writes -0 as 0.
      expect(tensor.leaves).toMatchObject({
        kind: 'numbers',
        values: Float64Array.from(flat, (value) => value + 0),
      });
    }),
  );
});

test('tens of thousands of elements are all there', () => {
  const values = Array.from({ length: 30_000 }, (_, i) => i - 15_000);
  expect(read(JSON.stringify(values)).leaves).toEqual(numbers(values));
  const flags = values.map((value) => value % 3 === 0);
  expect(read(JSON.stringify(flags)).leaves).toEqual({
    kind: 'booleans',
    values: Uint8Array.from(flags, Number),
  });
});

test('tensors of one reader do not share their elements', () => {
  const cursor = new JsonCursor(
    Buffer.from(
      `[[1,2.0],[3],[true],[false],["a"],["b"],[9007199254740993],[0],${JSON.stringify(Array(5000).fill(4))},[5]]`,
    ),
  );
  const reader = new JsonTensorReader(cursor, { maxElements: 5000 });
  const tensors: JsonTensor[] = [];
  eachElement(cursor, () => tensors.push(now(reader.read())));
  expect(tensors.map((tensor) => tensor.leaves)).toEqual([
    numbers([1, 2], 1),
    numbers([3]),
    { kind: 'booleans', values: Uint8Array.of(1) },
    { kind: 'booleans', values: Uint8Array.of(0) },
    { kind: 'texts', values: [Buffer.from('a')] },
    { kind: 'texts', values: [Buffer.from('b')] },
    { ...numbers([2 ** 53]), exact: [{ element: 0, value: 9007199254740993n }] },
    numbers([0]),
    numbers(Array(5000).fill(4) as number[]),
    numbers([5]),
  ]);
  expect(tensors.map((tensor) => tensor.shape[0])).toEqual([2, 1, 1, 1, 1, 1, 1, 1, 5000, 1]);
});

test('integers that doubles do not hold are kept beside them, by element', () => {
  expect(read('[[1,9007199254740993],[-18446744073709551615,2.5]]').leaves).toEqual({
    kind: 'numbers',
    values: Float64Array.of(1, 2 ** 53, -(2 ** 64), 2.5),
    firstFloat: 3,
    exact: [
      { element: 1, value: 9007199254740993n },
      { element: 2, value: -18446744073709551615n },
    ],
  });
});

const refusals: [text: string, at: number, fault: object, message: string][] = [
  [
    '[[1,2],[3]]',
    7,
    { kind: 'ragged', axis: 1, expected: 2, given: 1 },
    'expected 2 elements along axis 1, as in the list before, given 1',
  ],
  ['[[1],[2,3,4,5]]', 5, { kind: 'ragged', axis: 1, expected: 1, given: 4 }, 'given 4'],
  ['[[[1]],[[2],[3,[4]]]]', 7, { kind: 'ragged', axis: 1, expected: 1, given: 2 }, 'axis 1'],
  ['[[],[1]]', 4, { kind: 'ragged', axis: 1, expected: 0, given: 1 }, 'given 1'],
  ['[[1],[]]', 5, { kind: 'ragged', axis: 1, expected: 1, given: 0 }, 'given 0'],
  ['[[],[[]]]', 4, { kind: 'ragged', axis: 1, expected: 0, given: 1 }, 'given 1'],
  [
    '[[1],2]',
    5,
    { kind: 'nesting', axis: 1, expected: 'array', given: 'number' },
    'expected an array at axis 1, as before, given a number',
  ],
  ['[[],null]', 4, { kind: 'nesting', axis: 1, expected: 'array', given: 'null' }, 'given null'],
  [
    '[1,[2]]',
    3,
    { kind: 'nesting', axis: 1, expected: 'element', given: 'array' },
    'expected an element at axis 1, as before, given an array',
  ],
  ['[[1],[[2]]]', 6, { kind: 'nesting', axis: 2, expected: 'element', given: 'array' }, 'axis 2'],
  ['[[[1]],[2]]', 8, { kind: 'nesting', axis: 2, expected: 'array', given: 'number' }, 'axis 2'],
  [
    '[1,true]',
    3,
    { kind: 'mixed', element: 1, expected: 'integer', given: 'boolean' },
    'element 1: expected an integer, as the first one, given a boolean',
  ],
  ['[[1.5],["a"]]', 8, { kind: 'mixed', element: 1, expected: 'float', given: 'string' }, 'expected a float'],
  ['["a",1]', 5, { kind: 'mixed', element: 1, expected: 'string', given: 'integer' }, 'given an integer'],
  ['[true,1.0]', 6, { kind: 'mixed', element: 1, expected: 'boolean', given: 'float' }, 'given a float'],
  ['null', 0, { kind: 'null', element: 0 }, 'element 0: expected a value, given null'],
  ['[1,null]', 3, { kind: 'null', element: 1 }, 'element 1'],
  ['{}', 0, { kind: 'object', element: 0 }, 'expected a number, boolean or string, given an object'],
  ['[1,{}]', 3, { kind: 'object', element: 1 }, 'element 1'],
];

describe('what is no tensor is refused with what is wrong', () => {
  test.each(refusals)('%s', (text, at, fault, message) => {
    expect(() => read(text)).toThrow(tensorError(fault));
    expect(() => read(text)).toThrow(expect.objectContaining({ at }));
    expect(() => read(text)).toThrow(message);
  });

  test('more elements than the caller wants', () => {
    for (const leaf of ['1', 'true', '"a"', '{}']) {
      const reading = (count: number) => {
        const cursor = new JsonCursor(Buffer.from(`[${Array(count).fill(`[${leaf}]`).join()}]`));
        const onObject = () => skipped(cursor);
        return now(new JsonTensorReader(cursor, { maxElements: 3, onObject }).read());
      };
      expect(reading(3).shape).toEqual([3, 1]);
      expect(() => reading(4)).toThrow(tensorError({ kind: 'too-many', limit: 3 }));
      expect(() => reading(4)).toThrow('expected at most 3 elements, given more');
    }
  });

  test('more strings or bytes than the caller wants, where it wants fewer of them', () => {
    const reading = (leaf: string, count: number) => {
      const cursor = new JsonCursor(Buffer.from(`[${Array(count).fill(leaf).join()}]`));
      const onObject = () => skipped(cursor);
      return now(new JsonTensorReader(cursor, { maxElements: 3, maxObjects: 2, onObject }).read());
    };
    for (const leaf of ['"a"', '{}']) {
      expect(reading(leaf, 2).shape).toEqual([2]);
      expect(() => reading(leaf, 3)).toThrow(tensorError({ kind: 'too-many', limit: 2 }));
    }
    for (const leaf of ['1', 'true']) expect(reading(leaf, 3).shape).toEqual([3]);
  });

  test('integers beside floats, where the caller does not want that', () => {
    const rules = { mixedNumbers: false };
    expect(read('[1,2]', rules).leaves).toEqual(numbers([1, 2]));
    expect(read('[1.0,2e0]', rules).leaves).toEqual(numbers([1, 2], 0));
    expect(() => read('[1,2.0]', rules)).toThrow(
      tensorError({ kind: 'mixed', element: 1, expected: 'integer', given: 'float' }),
    );
    expect(() => read('[1.0,2]', rules)).toThrow(
      tensorError({ kind: 'mixed', element: 1, expected: 'float', given: 'integer' }),
    );
  });
});

test('behind a value that is no tensor, the next one can be read', () => {
  for (const [text, , fault] of refusals) {
    const cursor = new JsonCursor(Buffer.from(`{"bad":[${text},[7]],"good":[true]}`));
    const reader = new JsonTensorReader(cursor, { maxElements: 10 });
    const tensors: JsonTensor[] = [];
    eachMember(cursor, (key) => {
      if (key === 'good') return tensors.push(now(reader.read()));
      return eachElement(cursor, (index) => {
        if (index === 0) expect(() => now(reader.read())).toThrow(tensorError(fault));
        else tensors.push(now(reader.read()));
      });
    });
    cursor.end();
    expect(tensors).toEqual([
      { shape: [1], leaves: numbers([7]) },
      { shape: [1], leaves: { kind: 'booleans', values: Uint8Array.of(1) } },
    ]);
  }
});

test('behind a value that is no JSON, nothing can be read', () => {
  const cursor = new JsonCursor(Buffer.from('[[1,null,}],[7]]'));
  const reader = new JsonTensorReader(cursor, { maxElements: 10 });
  expect(() => eachElement(cursor, () => now(reader.read()))).toThrow(
    "at byte 9: expected a value, given '}'",
  );
});

test('objects are bytes where the caller reads them, and strings beside them where it wants that', () => {
  const reading = (text: string, textsAsBytes: boolean) => {
    const cursor = new JsonCursor(Buffer.from(text));
    const onObject = function* () {
      let bytes = Buffer.alloc(0);
      const members = cursor.members();
      while (members.next() !== undefined) bytes = Buffer.from(yield* cursor.string(), 'hex');
      return bytes;
    };
    return now(new JsonTensorReader(cursor, { maxElements: 9, textsAsBytes, onObject }).read());
  };
  expect(reading('[{"hex":"00ff"},{}]', false)).toEqual({
    shape: [2],
    leaves: { kind: 'bytes', values: [Buffer.from([0, 255]), Buffer.alloc(0)] },
  });
  expect(reading('{"hex":"01"}', false).shape).toEqual([]);
  expect(reading('[["é"],[{"hex":"01"}]]', true)).toEqual({
    shape: [2, 1],
    leaves: { kind: 'bytes', values: [Buffer.from('é'), Buffer.from([1])] },
  });
  expect(() => reading('["a",{"hex":"01"}]', false)).toThrow(
    tensorError({ kind: 'mixed', element: 1, expected: 'string', given: 'bytes' }),
  );
  expect(() => reading('[{"hex":"01"},"a"]', false)).toThrow(
    tensorError({ kind: 'mixed', element: 1, expected: 'bytes', given: 'string' }),
  );
});

test('a tensor cut anywhere, or nested too deeply, is refused', () => {
  const text = '[[[1,2.5e3],[true,"\\u00e9"]]]';
  for (let length = 0; length < text.length; length++) {
    expect(() => read(text.slice(0, length))).toThrow(JsonError);
  }
  expect(() => read('['.repeat(3_000_000))).toThrow('at byte 64: expected at most 64 arrays');
});
