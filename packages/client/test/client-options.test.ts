import { expect, test } from '@jest/globals';
import { channelOptions, checkPriority, resolveOptions } from '../src/client-options.js';

test('defaults are the newest version, a minute and 512 MiB', () => {
  expect(resolveOptions({})).toEqual({ version: 0n, deadlineMs: 60_000, maxMessageMb: 512 });
});

test('a version may be a bigint', () => {
  expect(resolveOptions({ version: 2n ** 63n }).version).toBe(2n ** 63n);
});

test('the message limit goes for both directions', () => {
  expect(channelOptions('host:1', 2 ** 21)).toMatchObject({
    'grpc.max_receive_message_length': 2 ** 21,
    'grpc.max_send_message_length': 2 ** 21,
  });
});

test.each([
  ['localhost:5500', false],
  ['127.0.0.1:5500', false],
  ['[::1]:5500', false],
  ['unix:/run/serving.sock', false],
  ['models.example:5500', true],
  ['localhost.example:5500', true],
])('a proxy of the environment is used for %s: %p', (address, isUsed) => {
  expect('grpc.enable_http_proxy' in channelOptions(address, 1)).toBe(!isUsed);
});

test('a priority is a whole number of three digits, or none', () => {
  expect([undefined, 0, -1000, 1000].map(checkPriority)).toEqual([undefined, 0, -1000, 1000]);
  for (const priority of [1001, 1.5, NaN, 'high' as unknown as number])
    expect(() => checkPriority(priority)).toThrow(
      /^priority: expected a whole number from -1000 to 1000, given /,
    );
});
