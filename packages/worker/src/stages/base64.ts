/** Text ↔ bytes. */
import { InputError } from '@serving/common';
import { namedStage } from './named-stage.js';

/** A stage: base64 text, standard or URL-safe, → bytes. Anything else in the text is an error of its instance. */
export function base64Decode(): (text: string) => Uint8Array {
  return namedStage('base64Decode', (text: string) => {
    if (typeof text !== 'string') throw new Error(`expected base64 text, given ${typeof text}`);
    const bytes = Buffer.from(text, 'base64');
    const digits = text.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, '');
    // Node skips what it does not know.
    if (bytes.toString('base64').replace(/=+$/, '') !== digits)
      throw new InputError('expected base64 text, given other text');
    return bytes;
  });
}

/** A stage: bytes → base64 text. */
export function base64Encode(): (bytes: Uint8Array) => string {
  return namedStage('base64Encode', (bytes: Uint8Array) => {
    if (!(bytes instanceof Uint8Array)) throw new Error(`expected bytes, given ${typeof bytes}`);
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  });
}
