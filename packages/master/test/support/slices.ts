/** Work in slices, done in one go. */
import type { JsonCursor } from '../../src/json/json-cursor.js';
import { isSlices, type Soon } from '../../src/slices/slices.js';

export function atOnce<Result>(work: Generator<void, Result, void>): Result {
  return withPauses(work).result;
}

/** The result, and how often the work would have let others go on. */
export function withPauses<Result>(work: Generator<void, Result, void>): { result: Result; pauses: number } {
  let pauses = 0;
  for (let step = work.next(); ; step = work.next()) {
    if (step.done === true) return { result: step.value, pauses };
    pauses++;
  }
}

export function now<Result extends object>(soon: Soon<Result>): Result {
  return isSlices(soon) ? atOnce(soon) : soon;
}

/** Of the next value, an object; `visit` reads each member's value. */
export function eachMember(cursor: JsonCursor, visit: (key: string) => void): void {
  const members = cursor.members();
  for (let key = members.next(); key !== undefined; key = members.next()) visit(key);
}

/** Of the next value, an array; `visit` reads each element. */
export function eachElement(cursor: JsonCursor, visit: (index: number) => void): void {
  cursor.enterArray();
  for (let index = 0; cursor.nextElement(); index++) visit(index);
}
