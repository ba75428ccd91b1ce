import { expect, test } from '@jest/globals';
import { servingError } from '../../../../test/support/serving-error-matcher.js';
import { executionProviders } from '../../src/sessions/execution-providers.js';

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
