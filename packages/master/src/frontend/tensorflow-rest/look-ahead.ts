/** What a value will turn out to be, told from its first bytes: the cursor that reads it cannot go back. */
import { JsonCursor } from '../../json/json-cursor.js';

/** Objects of this key alone are bytes, in base64. */
export const bytesKey = 'b64';

/** @param rest begins with an object; in one that is no JSON whoever reads it finds the mistake */
export function isBytesObject(rest: Uint8Array): boolean {
  const ahead = new JsonCursor(rest, { nonFinite: true });
  let isBytes = false;
  try {
    ahead.object((key) => {
      if (key !== bytesKey || ahead.kind() !== 'string') throw ahead.error('not bytes');
      ahead.skip();
      isBytes = true;
    });
    return isBytes;
  } catch {
    return false;
  }
}

/** @param rest begins with the list of instances; in one that is no JSON whoever reads it finds the mistake */
export function firstInstance(rest: Uint8Array): 'none' | 'named' | 'value' {
  const ahead = new JsonCursor(rest, { nonFinite: true });
  try {
    ahead.enterArray();
    if (!ahead.nextElement()) return 'none';
    return ahead.kind() === 'object' && !isBytesObject(rest.subarray(ahead.at)) ? 'named' : 'value';
  } catch {
    return 'value';
  }
}
