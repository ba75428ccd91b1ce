import { expect, test } from '@jest/globals';
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { checkBounds } from '../../../src/frontend/inference-grpc/request-bounds.js';
import { contents, encodeInfer, input } from '../../support/inference.js';

const refused = 'the request has more parts, or more elements in contents, than are taken';

function nested(field: number, message: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(field, WireType.LengthDelimited).bytes(message).finish();
}

const typed = (field: number, packed: Uint8Array) => nested(5, nested(5, nested(field, packed)));

test.each<[string, Uint8Array]>([
  ['empty inputs', Buffer.alloc(2 * 1_048_577, Buffer.of(0x2a, 0))],
  ['empty raw contents', Buffer.alloc(2 * 1_048_577, Buffer.of(0x3a, 0))],
  ['parameters of an input', nested(5, Buffer.alloc(2 * 1_048_577, Buffer.of(0x22, 0)))],
  ['parameters of an output', nested(6, Buffer.alloc(8 * 1_048_577, Buffer.from('12060a0461626364', 'hex')))],
  ['small numbers', typed(2, new Uint8Array(2 ** 25 + 1))],
  ['small 64-bit numbers', typed(3, new Uint8Array(2 ** 23 + 1))],
  ['numbers one by one', nested(5, nested(5, Buffer.alloc(2 * 1_048_577, Buffer.of(0x10, 0))))],
  ['empty elements of BYTES', nested(5, nested(5, Buffer.alloc(2 * 1_048_577, Buffer.of(0x42, 0))))],
  ['dimensions', nested(5, nested(3, new Uint8Array(2 ** 23 + 1)))],
])('%s without end are refused before they are decoded', (_, message) => {
  expect(() => checkBounds(message)).toThrow(refused);
});

test.each<[string, Uint8Array]>([
  [
    'a large raw tensor',
    encodeInfer({ inputs: [input('x', 'UINT8', [2 ** 26])], rawInputContents: [new Uint8Array(2 ** 26)] }),
  ],
  ['a million typed floats', typed(6, new Uint8Array(4_000_000))],
  ['a million typed doubles', typed(7, new Uint8Array(8_000_000))],
  [
    'a million long 64-bit numbers',
    typed(3, Buffer.alloc(10_000_000, Buffer.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1))),
  ],
  [
    'what a client sends',
    encodeInfer({
      modelName: 'm',
      inputs: [input('x', 'INT8', [3], { contents: contents({ intContents: [1, -2, 3] }) })],
    }),
  ],
])('%s passes', (_, message) => {
  expect(() => checkBounds(message)).not.toThrow();
});
