import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { LinkedList, type Linked } from '../../src/collection/linked-list.js';

class Member implements Linked<Member> {
  previous: Member | undefined;
  next: Member | undefined;
  list: LinkedList<Member> | undefined;
}

test('members stay in the order they came in, whichever leave', () => {
  const steps = fc.array(fc.option(fc.nat(9), { nil: undefined }), { maxLength: 40 });
  fc.assert(
    fc.property(steps, (given) => {
      const list = new LinkedList<Member>();
      const expected: Member[] = [];
      for (const leaving of given) {
        if (leaving === undefined) {
          expected.push(new Member());
          list.add(expected.at(-1)!);
        } else if (leaving < expected.length) {
          const [left] = expected.splice(leaving, 1);
          expect(list.delete(left!)).toBe(true);
          // One that has left leads to nothing that is still there.
          expect(left).toEqual({ previous: undefined, next: undefined, list: undefined });
        }
        expect([list.size, list.first]).toEqual([expected.length, expected[0]]);
        expect(list.members().every((member, i) => member === expected[i])).toBe(true);
      }
    }),
  );
});

test('what is in no list or in another one is not taken out', () => {
  const [list, other] = [new LinkedList<Member>(), new LinkedList<Member>()];
  const member = new Member();
  expect(list.delete(member)).toBe(false);
  other.add(member);
  expect([list.delete(member), other.delete(member), other.delete(member)]).toEqual([false, true, false]);
});
