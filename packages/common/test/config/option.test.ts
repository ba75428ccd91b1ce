import { expect, test } from '@jest/globals';
import {
  addressList,
  automaticInteger,
  changedOptions,
  choice,
  duration,
  environmentNameOf,
  flagOf,
  integer,
  optionalAddress,
  text,
  toggle,
  usageOf,
} from '../../src/config/option.js';
import { servingError } from '../../../../test/support/serving-error-matcher.js';

test('options that differ from their defaults are told apart from those that do not', () => {
  const table = {
    host: text('host', 'host', '127.0.0.1'),
    cores: automaticInteger('cores', 'all', 64),
    grace: duration('grace', '5s'),
    masters: addressList('masters', '127.0.0.1:6500'),
  };
  const defaults = { host: '127.0.0.1', cores: undefined, grace: 5000, masters: ['127.0.0.1:6500'] };
  expect(changedOptions(table, defaults)).toEqual({});
  const changed = { cores: 2, masters: ['10.0.0.5:6500'] };
  expect(changedOptions(table, { ...defaults, ...changed })).toEqual(changed);
});

test('a key gives its flag and its environment variable', () => {
  expect(['grpc', 'maxMessageMb', 'logLevel'].map(flagOf)).toEqual([
    '--grpc',
    '--max-message-mb',
    '--log-level',
  ]);
  expect(['grpc', 'maxMessageMb'].map(environmentNameOf)).toEqual(['SERVING_GRPC', 'SERVING_MAX_MESSAGE_MB']);
});

test('text is taken as it is', () => {
  expect(text('d', 'path', '.').parse(' a, b ')).toBe(' a, b ');
});

test('an integer is digits within its limits', () => {
  const { parse } = integer('d', 'n', 5, [1, 512]);
  expect(['1', '512', '007'].map(parse)).toEqual([1, 512, 7]);
  for (const wrong of ['0', '513', '1.0', '1e2', '-1', '+1', '0x10', '', ' 1', 'one', '9'.repeat(400)]) {
    expect(() => parse(wrong)).toThrow('a whole number from 1 to 512');
  }
});

test('an integer that may be negative is read with its sign', () => {
  const { parse } = integer('d', 'n', 0, [-5, 5]);
  expect(['-5', '0', '-0'].map(parse)).toEqual([-5, 0, 0]);
  expect(() => parse('-6')).toThrow('a whole number from -5 to 5');
  expect(() => parse('--5')).toThrow('a whole number');
});

test('an automatic integer has no value until one is given, and says what it will be', () => {
  const spec = automaticInteger('d', 'one per core', 8);
  expect([spec.fallback, spec.fallbackText]).toEqual([undefined, 'one per core']);
  expect(spec.parse('8')).toBe(8);
  expect(() => spec.parse('0')).toThrow('a whole number from 1 to 8');
});

test('a duration shows its default as it is written and has it in milliseconds', () => {
  const spec = duration('d', '30s');
  expect([spec.fallback, spec.fallbackText, spec.parse('2m')]).toEqual([30_000, '30s', 120_000]);
});

test('a choice is one of its names exactly, and its description lists them', () => {
  const spec = choice('how much is logged', ['info', 'warn'], 'info');
  expect(spec.description).toBe('how much is logged: info, warn');
  expect(spec.parse('warn')).toBe('warn');
  for (const wrong of ['Warn', '', 'toString']) expect(() => spec.parse(wrong)).toThrow('one of info, warn');
});

test('an optional address is kept as it was written once its form is right', () => {
  const spec = optionalAddress('d');
  expect([spec.fallback, spec.fallbackText]).toEqual([undefined, 'off']);
  expect(['5500', '[::1]:5500', 'unix:a/b'].map(spec.parse)).toEqual(['5500', '[::1]:5500', 'unix:a/b']);
  expect(() => spec.parse('70000')).toThrow(servingError('CONFIG_INVALID', /out of range/));
});

test('addresses to connect to have ports', () => {
  const spec = addressList('d', '127.0.0.1:6500');
  for (const wrong of ['99999', 'localhost', 'http://localhost:6500', ''])
    expect(() => spec.parse(wrong)).toThrow(servingError('CONFIG_INVALID', /^address '/));
  expect(() => spec.parse('6500,0')).toThrow('addresses with a port from 1 to 65535');
});

test('a list of addresses is kept as it was written once the form of each is right', () => {
  const spec = addressList('d', '127.0.0.1:6500');
  expect(spec.parse('6500, host:1')).toEqual(['6500', 'host:1']);
  expect(() => spec.parse('6500,')).toThrow(/the port is missing/);
  expect(() => spec.parse('6500,6500')).toThrow(/given 127\.0\.0\.1:6500 twice/);
});

test('a switch is true or false, and shows that its flag needs neither', () => {
  const spec = toggle('d');
  expect([spec.fallback, spec.bare, ...['true', 'false'].map(spec.parse)]).toEqual([
    false,
    'true',
    true,
    false,
  ]);
  for (const wrong of ['', '1', 'yes', 'TRUE', ' true'])
    expect(() => spec.parse(wrong)).toThrow('true or false');
  expect([usageOf('allIn', spec), usageOf('maxOf', integer('d', 'n', 1, [1, 2]))]).toEqual([
    '--all-in [boolean]',
    '--max-of <n>',
  ]);
});
