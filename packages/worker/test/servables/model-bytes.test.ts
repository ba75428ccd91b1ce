/** What is counted of a version, and what links do to it. */
import { expect, test } from '@jest/globals';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { folderWith } from '../../../../test/support/temporary-folder.js';
import { modelBytes } from '../../src/servables/model-bytes.js';
import { openServableFolder } from '../../src/servables/servable-folder.js';

const open = (files: Record<string, string>) => openServableFolder(folderWith(files), 's');

test('all files of a version weigh, in sub-folders too, and none of another version', () => {
  const folder = open({
    's/1/b.onnx': '12345',
    's/1/a.onnx.data': '1234',
    's/1/sub/deep/c.onnx': '123',
    's/2/d.onnx': '1234567',
  });
  expect(modelBytes(folder, 1)).toBe(12);
  expect(modelBytes(folder, 2)).toBe(7);
});

test('a version without a folder weighs nothing', () => {
  expect(modelBytes(open({ 's/servable_config.ts': '' }), 1)).toBe(0);
});

test('files elsewhere that the configuration names weigh, once, with their external data', () => {
  const folder = open({
    's/servable_config.ts': `
import { labels } from '../lib/labels.js';
const a = declareModel({ file: ['../2/x.onnx', "../shared/y.onnx"] });
// '../2/x.onnx' is the newest
const none = ['../2/missing.onnx', '../shared', '../1/z.onnx'];`,
    's/1/z.onnx': '1',
    's/2/x.onnx': '12345',
    's/2/x.onnx.data': '123456',
    's/2/other.onnx': '1',
    's/shared/y.onnx': '1234',
  });
  expect(modelBytes(folder, 1)).toBe(16);
});

test('a configuration that cannot be read names none', () => {
  expect(modelBytes(open({ 's/servable_config.ts/': '', 's/1/a.onnx': '123' }), 1)).toBe(3);
});

test('links weigh what they lead to; nowhere and round in a circle is nothing', () => {
  const folder = open({ 's/1/a.onnx': '12345', 's/shared/b.onnx': '123', 'outside/c.onnx': '1' });
  const link = (to: string, name: string) => symlinkSync(to, join(folder.path, '1', name));
  link('../shared/b.onnx', 'b.onnx');
  link('nowhere', 'nowhere.onnx');
  link('loop.onnx', 'loop.onnx');
  link('.', 'itself');
  link('..', 'above');
  link('../../outside', 'outside');
  // The file, and the one behind a link, once, though the folder it is in is linked, too.
  expect(modelBytes(folder, 1)).toBe(8);
});
