import { expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { createLogger, logLevels } from '../../src/logging/logger.js';

test('a logger has the level it was made with, whichever it is', () => {
  for (const level of logLevels) expect(createLogger('test', level).level).toBe(level);
});

test('lines are JSON on standard error, the last one is not lost at an exit, and standard output stays empty', () => {
  const child = fileURLToPath(new URL('logger-child.ts', import.meta.url));
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--import', 'jiti/register', child], {
    encoding: 'utf8',
  });
  const lines = stderr.trim().split('\n');
  expect([status, stdout]).toEqual([7, '']);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ name: 'serving-test', level: 30, msg: 'first', count: 1 }),
    expect.objectContaining({ component: 'part', level: 60, msg: 'last' }),
  ]);
});
