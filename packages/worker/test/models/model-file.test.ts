import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { encryptModel } from '../../src/models/model-cipher.js';
import { isModelFile } from '../../src/models/model-file.js';
import { addModel } from '../../../../test/support/servables.js';

const lenet = readFileSync('examples/lenet/lenet/1/lenet.onnx');

test.each([
  ['written by PyTorch', lenet],
  ['made here', addModel(['N', 2])],
  // A model's version, of ten bytes as it is negative; a field of eight bytes and one of four that no release has.
  [
    'with fields to come',
    [0x28, ...Array<number>(9).fill(0xff), 1, 0x79, ...Array<number>(8).fill(9), 0x7d, 9, 9, 9, 9, 0x3a, 0],
  ],
  ['in the format of onnxruntime', Buffer.from('\x1C\0\0\0ORTM\0\0')],
])('a model %s is one', (_, bytes) => {
  expect(isModelFile(Uint8Array.from(bytes))).toBe(true);
});

describe('is none', () => {
  test.each([
    ['no byte', []],
    ['a text', Buffer.from('a model, says its name')],
    ['a picture', readFileSync('examples/lenet/digits/0-0.png')],
    ['a model that is cut off', lenet.subarray(0, -1)],
    ['fields without a graph', [0x08, 8]],
    ['a graph that is a number', [0x38, 8]],
    ['a field without its number', [0x3a, 0, 0x08]],
    ['a number without an end', [0x3a, 0, 0x08, ...Array<number>(11).fill(0xff), 0]],
    ['a group', [0x3a, 0, 0x0b, 0x0c]],
    ['field 0', [0x3a, 0, 0x00, 0x00]],
    ['an encrypted model', encryptModel(lenet, 'AES-GCM', randomBytes(32))],
    ['an encrypted model, with AES-CBC', encryptModel(lenet, 'AES-CBC', randomBytes(32))],
  ])('%s', (_, bytes) => {
    expect(isModelFile(Uint8Array.from(bytes))).toBe(false);
  });
});
