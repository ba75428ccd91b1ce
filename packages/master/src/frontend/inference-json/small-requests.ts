/** Bodies of requests beside inference: a few members, or nothing at all. */
import { JsonCursor } from '../../json/json-cursor.js';
import { readingJson, badRequest } from './reading.js';

/** There are a dozen settings. */
const mostMembers = 64;

/** Names of the members that are not null; none of an empty body. @throws ServingError BAD_REQUEST */
export function membersGiven(body: Uint8Array): string[] {
  const names: string[] = [];
  eachMember(body, (name, cursor) => {
    if (cursor.kind() !== 'null') names.push(name);
    cursor.skip();
  });
  return names;
}

/** Whether an index is to have only what is ready. @throws ServingError BAD_REQUEST */
export function asksReadyOnly(body: Uint8Array): boolean {
  let ready = false;
  eachMember(body, (name, cursor) => {
    if (name !== 'ready' || cursor.kind() === 'null') cursor.skip();
    else if (cursor.kind() === 'boolean') ready = cursor.boolean();
    else throw badRequest(`Invalid value for 'ready': expected a boolean, given ${cursor.kind()}`);
  });
  return ready;
}

function eachMember(body: Uint8Array, visit: (name: string, cursor: JsonCursor) => void): void {
  if (body.length === 0) return;
  readingJson(() => {
    const cursor = new JsonCursor(body);
    let members = 0;
    cursor.object((name) => {
      if (members++ === mostMembers) throw badRequest(`expected at most ${mostMembers} members, given more`);
      visit(name, cursor);
    });
    cursor.end();
  });
}
