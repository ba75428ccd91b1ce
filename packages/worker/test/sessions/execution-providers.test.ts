import { expect, test } from '@jest/globals';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { executionProviders, libraryAdvice, missingDevice } from '../../src/sessions/execution-providers.js';

test('a device id becomes an option of the provider, with the CPU for what it cannot run', () => {
  expect(executionProviders({ type: 'cuda', id: 3 })).toEqual([{ name: 'cuda', deviceId: 3 }, 'cpu']);
  expect(executionProviders({ type: 'tensorrt', id: 0 })).toEqual([{ name: 'tensorrt', deviceId: 0 }, 'cpu']);
  expect(executionProviders({ type: 'dml', id: 1 })).toEqual([{ name: 'dml', deviceId: 1 }, 'cpu']);
});

test('on the CPU the id only tells workers apart', () => {
  expect(executionProviders({ type: 'cpu', id: 7 })).toEqual(['cpu']);
});

test('a provider with one device takes id 0 only', () => {
  expect(executionProviders({ type: 'coreml', id: 0 })).toEqual(['coreml', 'cpu']);
  const first = () => executionProviders({ type: 'webgpu', id: 1 });
  expect(first).toThrow(
    servingError('CONFIG_INVALID', 'device 1: expected 0, as there is one webgpu device only'),
  );
});

const backends = [
  { name: 'cpu', bundled: true },
  { name: 'cuda', bundled: false },
  { name: 'tensorrt', bundled: false },
];

test('a device type that onnxruntime does not have here is named, with those it has', () => {
  expect(missingDevice('cuda', backends)).toBeUndefined();
  expect(missingDevice('dml', backends)).toBe(
    `onnxruntime has no device type dml on ${process.platform} ${process.arch}; expected one of cpu, cuda, tensorrt`,
  );
});

test('where the library of a provider is missing its text says how it is got, and nowhere else', () => {
  const why = 'OrtSessionOptionsAppendExecutionProvider_Cuda: Failed to load shared library';
  expect(libraryAdvice(why, [{ name: 'cuda', deviceId: 0 }, 'cpu'], backends)).toMatch(
    /^; the libraries for cuda are not in onnxruntime's npm package: .*ONNXRUNTIME_NODE_INSTALL=cuda12/,
  );
  expect(libraryAdvice(why, ['cpu'], backends)).toBe('');
  expect(libraryAdvice('Protobuf parsing failed', ['cuda', 'cpu'], backends)).toBe('');
});
