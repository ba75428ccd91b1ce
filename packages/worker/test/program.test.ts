import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { workerProgram } from '../src/program.js';

test('child processes get the flags that the first line of the program has', () => {
  const file = workerProgram.at(-1)!;
  const [firstLine] = readFileSync(file, 'utf8').split('\n', 1);
  expect(firstLine).toBe(['#!/usr/bin/env -S node', ...workerProgram.slice(0, -1)].join(' '));
});
