/** Base64 (RFC 4648 §4), strictly: Buffer's own decoder passes over whatever it does not understand. */
import type { Slices } from '../slices/slices.js';

export class Base64Error extends Error {
  override readonly name = 'Base64Error';
}

/** Characters that are decoded at a time: whole groups of four. */
const pieceLength = 2 ** 18;

/**
 * The bytes that `text` (UTF-8) stands for. Unused bits of the last character may be anything.
 * @throws Base64Error unless it is in the standard alphabet and padded with '=' to a multiple of 4 characters
 */
export function* decodeBase64(text: Buffer): Slices<Uint8Array> {
  const { length } = text;
  if (length <= pieceLength) return decodedPiece(text, 0);
  const bytes = Buffer.allocUnsafeSlow(Math.ceil(length / 4) * 3);
  let size = 0;
  for (let at = 0; at < length; at += pieceLength) {
    const piece = decodedPiece(text, at);
    bytes.set(piece, size);
    size += piece.length;
    yield;
  }
  return bytes.subarray(0, size);
}

function decodedPiece(text: Buffer, from: number): Uint8Array {
  const piece = text.toString('latin1', from, Math.min(from + pieceLength, text.length));
  const bytes = Buffer.from(piece, 'base64');
  // What the decoder has understood comes back as it was; looking at each character is for what does not.
  if (bytes.toString('base64') !== piece) checkBase64(text.toString('utf8'), from);
  return bytes;
}

/** @param from before which all are letters, digits, + and / */
function checkBase64(text: string, from: number): void {
  if (text.length % 4 !== 0) {
    throw new Base64Error(`expected a multiple of 4 characters of base64, given ${text.length}`);
  }
  const odd = /[^A-Za-z0-9+/]/g;
  odd.lastIndex = from;
  const at = odd.exec(text)?.index ?? -1;
  if (at === -1 || (at >= text.length - 2 && /^==?$/.test(text.slice(at)))) return;
  const given = String.fromCodePoint(text.codePointAt(at)!);
  const expected = given === '=' ? "'=' of base64 only at the end" : 'letters, digits, + and / of base64';
  throw new Base64Error(`expected ${expected}, given ${JSON.stringify(given)} as character ${at}`);
}
