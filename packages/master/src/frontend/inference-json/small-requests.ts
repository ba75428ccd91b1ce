/** Bodies of requests beside inference: a few members, or nothing at all. */
import { JsonCursor } from '../../json/json-cursor.js';
import type { Slices } from '../../slices/slices.js';
import { readingJson, badRequest } from './reading.js';

/** There are a dozen settings. */
const mostMembers = 64;

/** Names of the members that are not null; none of an empty body. @throws ServingError BAD_REQUEST */
export function* membersGiven(body: Uint8Array): Slices<string[]> {
  const names: string[] = [];
  yield* eachMember(body, function* (name, cursor) {
    if (cursor.kind() !== 'null') names.push(name);
    yield* cursor.skip();
  });
  return names;
}

/** Whether an index is to have only what is ready. @throws ServingError BAD_REQUEST */
export function* asksReadyOnly(body: Uint8Array): Slices<boolean> {
  let ready = false;
  yield* eachMember(body, function* (name, cursor) {
    if (name !== 'ready' || cursor.kind() === 'null') yield* cursor.skip();
    else if (cursor.kind() === 'boolean') ready = cursor.boolean();
    else throw badRequest(`Invalid value for 'ready': expected a boolean, given ${cursor.kind()}`);
  });
  return ready;
}

type Visit = (name: string, cursor: JsonCursor) => Slices<void>;

function* eachMember(body: Uint8Array, visit: Visit): Slices<void> {
  if (body.length > 0) yield* readingJson(visited(new JsonCursor(body), visit));
}

function* visited(cursor: JsonCursor, visit: Visit): Slices<void> {
  let given = 0;
  const members = cursor.members();
  for (let name = members.next(); name !== undefined; name = members.next()) {
    if (given++ === mostMembers) throw badRequest(`expected at most ${mostMembers} members, given more`);
    yield* visit(name, cursor);
  }
  cursor.end();
}
