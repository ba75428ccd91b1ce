/** Huffman-coded strings of headers (RFC 7541, section 5.2). */
import { Http2Error } from '../http2/http2-error.js';
import { errorCode } from '../http2/frames.js';

/**
 * Bits of each byte's code, and of the end of the string (appendix B). The code is canonical: shorter codes come first, and
 * those of one length are in the order of their bytes, so the lengths say all.
 */
// prettier-ignore
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
  30,
];

const shortestCode = 5;
const endOfString = 256;
/** What is left of the last byte is filled with the beginning of the code of the string's end: fewer than eight ones. */
const mostPadding = 7;

/** Two entries for each node, for a zero and a one: the next node, or the complement of a symbol. */
const tree = treeOf(codeLengths);

function treeOf(lengths: readonly number[]): Int16Array {
  const nodes = new Int16Array(lengths.length * 2);
  let count = 1;
  const bySize = [...lengths.keys()].toSorted((a, b) => lengths[a]! - lengths[b]! || a - b);
  let code = 0;
  let length = 0;
  for (const symbol of bySize) {
    code <<= lengths[symbol]! - length;
    length = lengths[symbol]!;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const slot = node * 2 + ((code >>> bit) & 1);
      if (nodes[slot] === 0) nodes[slot] = count++;
      node = nodes[slot]!;
    }
    nodes[node * 2 + (code & 1)] = ~symbol;
    code++;
  }
  return nodes;
}

const scratch = Buffer.allocUnsafeSlow(1024);

/** @throws Http2Error COMPRESSION_ERROR for bytes that are no such string */
export function decodeHuffman(bytes: Uint8Array, from: number, to: number): string {
  const most = Math.floor(((to - from) * 8) / shortestCode);
  const text = most <= scratch.length ? scratch : Buffer.allocUnsafe(most);
  let length = 0;
  let node = 0;
  let bits = 0;
  let areOnes = true;
  for (let at = from; at < to; at++) {
    for (let shift = 7; shift >= 0; shift--) {
      const bit = (bytes[at]! >> shift) & 1;
      const next = tree[node * 2 + bit]!;
      if (next >= 0) {
        node = next;
        bits++;
        areOnes &&= bit === 1;
        continue;
      }
      if (~next === endOfString) throw notHuffman();
      text[length++] = ~next;
      node = 0;
      bits = 0;
      areOnes = true;
    }
  }
  if (bits > mostPadding || !areOnes) throw notHuffman();
  return text.toString('latin1', 0, length);
}

function notHuffman(): Http2Error {
  return new Http2Error(errorCode.compressionError, 'a header has a string that is not Huffman-coded');
}
