/**
 * Headers → header blocks (RFC 7541), without a table of earlier ones: what a server of gRPC sends is small, and a block that
 * depends on nothing can be made once and sent on every connection.
 */
import type { HeaderField } from './header-field.js';
import { staticTable } from './static-table.js';

/** Longest string that is written: its length fits the bytes below. */
const longestString = 2 ** 14;

export function encodeHeaders(fields: readonly HeaderField[]): Buffer {
  return Buffer.concat(fields.flatMap(({ name, value }) => encodeField(name, value)));
}

function encodeField(name: string, value: string): Uint8Array[] {
  const whole = staticTable.findIndex((field) => field.name === name && field.value === value);
  if (whole !== -1) return [Uint8Array.of(0x80 | (whole + 1))];
  const named = staticTable.findIndex((field) => field.name === name) + 1;
  if (named === 0) return [Uint8Array.of(0), ...encodeString(name), ...encodeString(value)];
  // An index of four bits, and what is beyond in a byte of its own: there are 61.
  const index = named < 15 ? [named] : [15, named - 15];
  return [Uint8Array.from(index), ...encodeString(value)];
}

function encodeString(text: string): Uint8Array[] {
  const bytes = Buffer.from(text, 'latin1');
  if (bytes.length > longestString)
    throw new RangeError(`a header has ${bytes.length} bytes, expected at most ${longestString}`);
  if (bytes.length < 127) return [Uint8Array.of(bytes.length), bytes];
  const rest = bytes.length - 127;
  const length = rest < 128 ? [127, rest] : rest < 2 ** 14 ? [127, 0x80 | (rest & 0x7f), rest >> 7] : [];
  return [Uint8Array.from(length), bytes];
}
