import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { readInput } from '../../../src/cli/input/read-input.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'read-input-'));
});
afterAll(() => rm(directory, { recursive: true }));

const nothing = Readable.from([]);
const terminal = Object.assign(Readable.from(['{}']), { isTTY: true });

test('reads a file, without the byte order mark of some editors', async () => {
  const file = join(directory, 'instances.json');
  await writeFile(file, '\ufeff{"é": 1}');
  expect(await readInput(file, nothing)).toBe('{"é": 1}');
});

test('reads standard input when there is no file, whole characters across chunks', async () => {
  const bytes = Buffer.from('"é"');
  expect(await readInput(undefined, Readable.from([bytes.subarray(0, 2), bytes.subarray(2)]))).toBe('"é"');
  expect(await readInput('-', Readable.from(['"é', '"']))).toBe('"é"');
});

test('says what it wants instead of waiting at a terminal', async () => {
  await expect(readInput(undefined, terminal)).rejects.toThrow(
    'no instances: give them with --input <file>, or pipe {"instances": [...]} into this command',
  );
});

test('reads from a terminal that was asked for', async () => {
  expect(await readInput('-', terminal)).toBe('{}');
});

test('says which file cannot be read and why', async () => {
  const missing = join(directory, 'missing.json');
  await expect(readInput(missing, nothing)).rejects.toThrow(`cannot read ${missing}: there is no such file`);
  await expect(readInput(directory, nothing)).rejects.toThrow(`cannot read ${directory}: it is a directory`);
});
