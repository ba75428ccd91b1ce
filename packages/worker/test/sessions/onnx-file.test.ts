/** Scalars of ONNX files, told apart from ports of any rank. */
import { expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onnxModel } from '../../../../examples/onnx-writer.js';
import { temporaryFolder } from '../../../../test/support/temporary-folder.js';
import { scalarPorts } from '../../src/sessions/onnx-file.js';

const model = onnxModel({
  name: 'ports',
  inputs: [
    { name: 'scalar', shape: [] },
    { name: 'any rank' },
    { name: 'vector', shape: ['N'] },
    { name: 'ünïcode', dtype: 'string', shape: [] },
  ],
  outputs: [{ name: 'sum', shape: [] }, { name: 'open' }, { name: 'fixed', shape: [1] }],
  nodes: [{ operator: 'Identity', inputs: ['scalar'], outputs: ['sum'] }],
  // Longer than one byte can say, and than what is read at a time.
  weights: [{ name: 'scalar weight', shape: [300], data: new Float32Array(300) }],
});

test('a scalar has a shape without dimensions; what has no shape is none', () => {
  expect(scalarPorts(model)).toEqual(new Set(['scalar', 'ünïcode', 'sum']));
});

test('a file is read as its contents are', () => {
  const path = join(temporaryFolder(), 'm.onnx');
  writeFileSync(path, model);
  expect(scalarPorts(path)).toEqual(scalarPorts(model));
});

test('what is no ONNX file has none, wherever it ends', () => {
  expect(scalarPorts(new TextEncoder().encode('  ORTM is not for us'))).toEqual(new Set());
  for (let length = 0; length < model.length; length++)
    expect([...scalarPorts(model.subarray(0, length))].filter((name) => name === 'fixed')).toEqual([]);
});
