import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { IndexedHeap, type Heaped } from '../../src/index.js';

interface Member extends Heaped {
  readonly key: number;
}

test('whatever comes and goes, the first is one with the least key, and places are known', () => {
  const step = fc.oneof(fc.record({ key: fc.integer({ min: 0, max: 9 }) }), fc.record({ leave: fc.nat(50) }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const heap = new IndexedHeap<Member>(({ key }) => key);
      const members: Member[] = [];
      for (const one of steps) {
        if ('key' in one) {
          const member = { key: one.key, heapIndex: -1 };
          members.push(member);
          heap.add(member);
        } else if (members.length > 0) {
          const [gone] = members.splice(one.leave % members.length, 1);
          expect([heap.delete(gone!), heap.delete(gone!), gone!.heapIndex]).toEqual([true, false, -1]);
        }
        expect(heap.size).toBe(members.length);
        expect(heap.first?.key).toBe(
          members.length === 0 ? undefined : Math.min(...members.map(({ key }) => key)),
        );
        expect(new Set(members.map(({ heapIndex }) => heapIndex)).size).toBe(members.length);
      }
      const order: number[] = [];
      for (let first = heap.first; first !== undefined; first = heap.first) {
        order.push(first.key);
        heap.delete(first);
      }
      expect(order).toEqual(members.map(({ key }) => key).toSorted((a, b) => a - b));
    }),
  );
});

test('a member of another heap is not in this one', () => {
  const [a, b] = [new IndexedHeap<Member>(({ key }) => key), new IndexedHeap<Member>(({ key }) => key)];
  const member = { key: 1, heapIndex: -1 };
  a.add(member);
  b.add({ key: 2, heapIndex: -1 });
  expect([b.delete(member), a.delete(member)]).toEqual([false, true]);
});
