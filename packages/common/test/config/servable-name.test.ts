import { expect, test } from '@jest/globals';
import { servableName, servableNames } from '../../src/config/servable-name.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

test.each([
  ['examples/add/add', 'add, with --directory examples/add'],
  ['./add', 'add, with --directory .'],
  ['/add/', 'add, with --directory /'],
  ['..\\models\\add', 'add, with --directory ..\\models'],
])('the path %s is refused with the way to say it', (given, advice) => {
  const message = `expected the name of a servable, which is that of its folder, given '${given}'; the folder it is in is named by --directory: ${advice}`;
  for (const { parse } of [servableName('d', 'none', 'x'), servableNames('d', 'names', 'none')])
    expect(() => parse(given)).toThrow(servingError('CONFIG_INVALID', message));
});

test('where one servable is wanted several are refused with what to do', () => {
  const { parse } = servableName('d', 'none', 'another needs a worker of its own');
  expect(parse('add')).toBe('add');
  expect(() => parse('add,sub')).toThrow('one name (another needs a worker of its own)');
});

test('a list of names is separated by commas, spaces around them do not count', () => {
  const spec = servableNames('d', 'names', 'none');
  expect(spec.fallback).toEqual([]);
  expect(spec.parse('add')).toEqual(['add']);
  expect(spec.parse('add , größe,x.y')).toEqual(['add', 'größe', 'x.y']);
});

test('a name that is empty, repeated or could lead out of its folder is refused', () => {
  const { parse } = servableNames('d', 'names', 'none');
  for (const wrong of [
    '',
    ',',
    'a,',
    'a,,b',
    '.',
    '..',
    '.hidden',
    'a/b',
    '../a',
    'a\\b',
    'a,/b',
    'a\0b',
    'a,b,a',
  ]) {
    expect(() => parse(wrong)).toThrow(
      /the name of a servable|names separated by commas, each the name of a folder/,
    );
  }
});
