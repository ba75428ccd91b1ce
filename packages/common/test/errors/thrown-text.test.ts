import { expect, test } from '@jest/globals';
import { stackOf, stackOrLine } from '../../src/errors/thrown-text.js';

const withStack = (stack: PropertyDescriptor) => Object.defineProperty(new Error('why'), 'stack', stack);

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
