import { expect, test } from '@jest/globals';
import { firstLine, stackOf, stackOrLine } from '../../src/errors/thrown-text.js';

const withoutPrototype = Object.assign(Object.create(null) as object, { secret: 'hunter2' });
const refusesText = {
  toString() {
    throw new Error('no text');
  },
};

const withStack = (stack: PropertyDescriptor) => Object.defineProperty(new Error('why'), 'stack', stack);

test('the first line of an error is its message up to the line break, of either kind', () => {
  expect(firstLine(new Error('one line'))).toBe('one line');
  expect(firstLine(new Error('first\nsecond\nthird'))).toBe('first');
  expect(firstLine(new Error('first\r\nsecond'))).toBe('first');
  expect(firstLine(new Error('\n\r\n \n  said later  \r\nmore'))).toBe('said later');
});

test('of what has nothing to say it is the name', () => {
  expect(firstLine(new Error(''))).toBe('Error');
  expect(firstLine(new RangeError(' \r\n'))).toBe('RangeError');
  expect(firstLine(Object.assign(new Error(''), { name: '' }))).toBe(
    'an object of class Error without a message was thrown',
  );
  expect(firstLine({ message: '' })).toBe('an object without a message was thrown');
  for (const empty of ['', ' \n']) expect(firstLine(empty)).toBe('an empty text was thrown');
});

test('it is found in no time, however many blanks there are', () => {
  expect(firstLine(' '.repeat(10_000_000))).toBe('an empty text was thrown');
});

test('whatever is thrown has a first line, and asking for it never throws', () => {
  expect(firstLine('text\nmore')).toBe('text');
  expect([undefined, null, 7, 7n, true].map(firstLine)).toEqual(['undefined', 'null', '7', '7', 'true']);
  expect(firstLine(Symbol('s'))).toBe('Symbol(s)');
  expect(firstLine({ message: 'an error from another realm\nat' })).toBe('an error from another realm');
  for (const nothing of [{ code: 5 }, { message: { not: 'text' } }, { constructor: { name: '' } }])
    expect(firstLine(nothing)).toBe('an object without a message was thrown');
  expect(firstLine(new Map())).toBe('an object of class Map without a message was thrown');
  expect(firstLine('[object Object]')).toBe('[object Object]');
  for (const odd of [
    withoutPrototype,
    refusesText,
    Object.assign(new Error('x'), { message: { not: 'text' } }),
  ]) {
    expect(typeof firstLine(odd)).toBe('string');
  }
});

test('a stack is a text, or there is none', () => {
  expect(stackOf(new Error('why'))).toMatch(/^Error: why\n +at /);
  const refuse = () => {
    throw new Error('no stack');
  };
  const refuses = new Proxy({}, { has: refuse, getPrototypeOf: refuse });
  for (const thrown of [
    withStack({ value: [() => 1] }),
    withStack({ value: '' }),
    withStack({ get: refuse }),
    refuses,
    undefined,
    null,
    'text',
    Symbol('s'),
  ])
    expect(stackOf(thrown)).toBeUndefined();
});

test('a log has the line of what has no stack', () => {
  expect(stackOrLine(withStack({ value: 7 }))).toBe('why');
  expect(stackOrLine('text\nmore')).toBe('text');
  expect(stackOrLine(new Error('why'))).toMatch(/^Error: why\n/);
});
