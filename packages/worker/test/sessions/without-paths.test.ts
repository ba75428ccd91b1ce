/** Where the files of this machine are stays out of messages. */
import { expect, test } from '@jest/globals';
import { realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { folderWith } from '../../../../test/support/temporary-folder.js';
import { withoutPaths } from '../../src/sessions/without-paths.js';

const folder = realpathSync(folderWith({ 's/1/m.onnx': '' }));
const path = join(folder, 's/1/m.onnx');

test('the model is shown by its name in the servable, and so is what is beside it', () => {
  const message = `Load model from ${path} failed: no "${folder}/s/1/sub/m.data" in "${folder}/s/1", only "m.data"`;
  expect(withoutPaths(message, path, 's/1/m.onnx')).toBe(
    'Load model from s/1/m.onnx failed: no "s/1/sub/m.data" in "s/1", only "m.data"',
  );
});

test('what is elsewhere is shown by its own name', () => {
  const message = `escapes: "${folder}/s/m.data", "${folder}/s/..data" and "C:\\models\\m.data"`;
  expect(withoutPaths(message, path, 's/1/m.onnx')).toMatch(
    /^escapes: "…\/m\.data", "…\/\.\.data" and "…\/.*m\.data"$/,
  );
  expect(withoutPaths('no "/models/m.data"', new Uint8Array(1), 's/1/m.onnx')).toBe('no "…/m.data"');
});

test('links on the way to the model change nothing', () => {
  const link = join(folderWith({}), 'link');
  symlinkSync(folder, link);
  expect(withoutPaths(`no "${folder}/s/1/m.data"`, join(link, 's/1/m.onnx'), 's/1/m.onnx')).toBe(
    'no "s/1/m.data"',
  );
});
