/** A JSON text as JavaScript has it, read by the cursor. Objects have no prototype: a member `__proto__` is one like any other. */
import type { JsonCursor } from '../../src/json/json-cursor.js';
import { atOnce, eachElement, eachMember } from '../support/slices.js';

export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

export function nextValue(cursor: JsonCursor): JsonValue {
  const kind = cursor.kind();
  if (kind === 'string') return atOnce(cursor.string());
  if (kind === 'number') return cursor.number();
  if (kind === 'boolean') return cursor.boolean();
  if (kind === 'null') return cursor.null();
  if (kind === 'array') {
    const elements: JsonValue[] = [];
    eachElement(cursor, () => elements.push(nextValue(cursor)));
    return elements;
  }
  const members = Object.create(null) as { [key: string]: JsonValue };
  eachMember(cursor, (key) => {
    members[key] = nextValue(cursor);
  });
  return members;
}
