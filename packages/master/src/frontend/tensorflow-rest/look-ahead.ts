/** What a value will turn out to be, told from its first bytes: the cursor that reads it cannot go back. */
import { JsonCursor } from '../../json/json-cursor.js';
import type { Slices } from '../../slices/slices.js';

/** Objects of this key alone are bytes, in base64. */
export const bytesKey = 'b64';

/** @param rest begins with an object; in one that is no JSON whoever reads it finds the mistake */
export function* isBytesObject(rest: Uint8Array): Slices<boolean> {
  const ahead = new JsonCursor(rest, { nonFinite: true });
  let isBytes = false;
  try {
    const members = ahead.members();
    for (let key = members.next(); key !== undefined; key = members.next()) {
      if (key !== bytesKey || ahead.kind() !== 'string') return false;
      yield* ahead.skip();
      isBytes = true;
    }
    return isBytes;
  } catch {
    return false;
  }
}

/** @param rest begins with the list of instances; in one that is no JSON whoever reads it finds the mistake */
export function* firstInstance(rest: Uint8Array): Slices<'none' | 'named' | 'value'> {
  const ahead = new JsonCursor(rest, { nonFinite: true });
  try {
    ahead.enterArray();
    if (!ahead.nextElement()) return 'none';
    if (ahead.kind() !== 'object') return 'value';
    return (yield* isBytesObject(rest.subarray(ahead.at))) ? 'value' : 'named';
  } catch {
    return 'value';
  }
}
