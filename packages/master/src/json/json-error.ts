/** What is wrong with a JSON text, and where. Front ends put it into the words of their protocol. */

export class JsonError extends Error {
  override readonly name: string = 'JsonError';
  /** Offset of the first byte that cannot be there. */
  readonly at: number;
  /** What was expected and what was given, without the place. */
  readonly detail: string;

  constructor(at: number, detail: string) {
    super(`at byte ${at}: ${detail}`);
    this.at = at;
    this.detail = detail;
  }
}

/** A byte as an error names it. */
export function nameByte(bytes: Uint8Array, at: number): string {
  if (at >= bytes.length) return 'the end';
  const byte = bytes[at]!;
  return byte > 0x20 && byte < 0x7f
    ? `'${String.fromCharCode(byte)}'`
    : `byte 0x${byte.toString(16).padStart(2, '0')}`;
}
