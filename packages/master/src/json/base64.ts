/** Base64 (RFC 4648 §4), strictly: Buffer's own decoder passes over whatever it does not understand. */

export class Base64Error extends Error {
  override readonly name = 'Base64Error';
}

/**
 * The bytes that `text` stands for. Unused bits of the last character may be anything.
 * @throws Base64Error unless it is in the standard alphabet and padded with '=' to a multiple of 4 characters
 */
export function decodeBase64(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64');
  // What the decoder has understood comes back as it was; looking at each character is for what does not.
  if (bytes.toString('base64') !== text) checkBase64(text);
  return bytes;
}

function checkBase64(text: string): void {
  if (text.length % 4 !== 0) {
    throw new Base64Error(`expected a multiple of 4 characters of base64, given ${text.length}`);
  }
  const at = text.search(/[^A-Za-z0-9+/]/);
  if (at === -1 || (at >= text.length - 2 && /^==?$/.test(text.slice(at)))) return;
  const given = String.fromCodePoint(text.codePointAt(at)!);
  const expected = given === '=' ? "'=' of base64 only at the end" : 'letters, digits, + and / of base64';
  throw new Base64Error(`expected ${expected}, given ${JSON.stringify(given)} as character ${at}`);
}
