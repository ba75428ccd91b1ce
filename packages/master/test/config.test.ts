import { expect, test } from '@jest/globals';
import { loadConfig } from '@serving/common';
import { Command } from 'commander';
import { resolveLimits } from '../src/batching/batch-limits.js';
import { masterOptions } from '../src/config.js';

function load(...argv: string[]) {
  return loadConfig(new Command('serving-master'), masterOptions, { argv, env: {} });
}

test('what is not given has the default of the documentation', () => {
  expect(load()).toEqual({
    grpc: undefined,
    host: '127.0.0.1',
    servable: [],
    directory: '.',
    version: 0,
    cores: undefined,
    device: [0],
    isolation: 'thread',
    lease: 5000,
    master: undefined,
    rest: undefined,
    restStatusCodes: false,
    executors: undefined,
    maxMessageMb: 100,
    maxBatchSize: 64,
    maxBatchMb: 64,
    maxQueueInstances: 100_000,
    maxQueueMb: 1024,
    maxQueueRequests: 100_000,
    maxTotalInstances: 200_000,
    maxTotalMb: 2048,
    maxTotalRequests: 200_000,
    maxQueueDelay: undefined,
    maxBatchTime: undefined,
    latencyTarget: undefined,
    late: 'start',
    picker: 'fewest-in-flight',
    executionTimeout: 60_000,
    loadTimeout: 120_000,
    shutdownGrace: 30_000,
    logLevel: 'info',
  });
});

test('the limits of the command line and those of the library have the same defaults', () => {
  const { maxBatchSize, maxBatchMb, maxQueueMb, maxTotalMb, ...given } = load();
  const { maxQueueInstances, maxQueueRequests, maxTotalInstances, maxTotalRequests } = given;
  expect(resolveLimits()).toMatchObject({
    maxBatchSize,
    maxBatchBytes: maxBatchMb * 2 ** 20,
    maxQueueInstances,
    maxQueueRequests,
    maxQueueBytes: maxQueueMb * 2 ** 20,
    maxTotalInstances,
    maxTotalRequests,
    maxTotalBytes: maxTotalMb * 2 ** 20,
  });
});

test('every limit is refused outside of its range, all at once', () => {
  const least = ['--max-message-mb', '0', '--max-batch-size', '0', '--max-batch-mb', '0'];
  const more = ['--max-queue-instances', '0', '--max-queue-mb', '0', '--cores', '0', '--executors', '0'];
  expect(() => load(...least, ...more)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(/^(--[a-z-]+: expected a whole number from 1 to \d+, given '0'\n?){7}$/),
    }),
  );
  expect(() => load('--max-message-mb', '513')).toThrow(
    /--max-message-mb: expected a whole number from 1 to 512/,
  );
});

test('servables are named as a list, and the least that can be given is taken', () => {
  const given = [
    '--servable',
    'add, sub',
    '--grpc',
    '0.0.0.0:5500',
    '--max-batch-size',
    '1',
    '--version',
    '0',
  ];
  expect(load(...given)).toMatchObject({ servable: ['add', 'sub'], grpc: '0.0.0.0:5500', maxBatchSize: 1 });
});

test('a lease that is too short, too long or has a fraction of a millisecond is not taken', () => {
  expect([
    load('--lease', '100ms').lease,
    load('--lease', '24h').lease,
    load('--lease', '2.01s').lease,
  ]).toEqual([100, 86_400_000, 2010]);
  for (const given of ['0s', '99ms', '24.1h', '1200h'])
    expect(() => load('--lease', given)).toThrow(
      `--lease: expected a duration from 100ms to 24h, given '${given}'`,
    );
});
