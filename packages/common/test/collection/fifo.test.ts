import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Fifo } from '../../src/collection/fifo.js';

test('members come out in the order in which they went in, whatever is done between', () => {
  const step = fc.oneof(
    fc.constant('take' as const),
    fc.constant('clear' as const),
    fc.integer({ min: 1, max: 3000 }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [fifo, expected] = [new Fifo<number>(), [] as number[]];
      let next = 0;
      for (const each of steps) {
        if (each === 'clear') {
          fifo.clear();
          expected.length = 0;
        } else if (each === 'take') {
          const half = Math.ceil(expected.length / 2);
          for (const member of expected.splice(0, half)) expect(fifo.take()).toBe(member);
        } else
          for (let i = 0; i < each; i++) {
            fifo.add(next);
            expected.push(next++);
          }
        expect(fifo.first).toBe(expected[0]);
      }
    }),
  );
  expect(new Fifo<number>().take()).toBeUndefined();
});
