import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Seat } from '../../src/dispatch/seat.js';
import { Seats } from '../../src/dispatch/seats.js';
import { FakeReplica } from '../support/fake-replica.js';

const which = fc.nat(3);
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('add' as const, 'remove' as const, 'spend' as const), which }),
  fc.record({ kind: fc.constant('grant' as const), which, creditId: fc.nat(3), forMs: fc.option(fc.nat(9)) }),
  fc.record({ kind: fc.constant('recall' as const), which, creditId: fc.nat(3) }),
  fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(6) }),
);

test('after any grants, recalls, lapses and coming and going, the counts are those of a plain look at every replica', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const all = ['a', 'b', 'c', 'd'].map((id) => new Seat(new FakeReplica({ id })));
      const [seats, seated] = [new Seats(), new Set<Seat>()];
      let now = 0;
      for (const one of steps) {
        const seat = 'which' in one ? all[one.which]! : all[0]!;
        switch (one.kind) {
          case 'add':
            seated.add(seat);
            seats.add(seat, now);
            break;
          case 'remove':
            seated.delete(seat);
            seats.remove(seat);
            break;
          case 'spend':
            expect(seat.purse.available(now) > 0).toBe(seats.spend(seat, now) !== undefined);
            break;
          case 'grant': {
            const expiresAt = one.forMs === null ? Infinity : now + one.forMs;
            seats.grant(seat, { replicaId: seat.replicaId, creditId: one.creditId, expiresAt }, now);
            break;
          }
          case 'recall':
            seats.recall(seat, one.creditId, now);
            break;
          case 'wait':
            now += one.ms;
        }
        const open = [...seated].filter(({ purse }) => purse.available(now) > 0);
        const credits = (of: readonly Seat[]) => of.reduce((sum, { purse }) => sum + purse.available(now), 0);
        expect([seats.size, seats.executors]).toEqual([seated.size, seated.size]);
        expect(new Set(seats.open(now, undefined))).toEqual(new Set(open));
        expect(seats.credits(now, undefined)).toBe(credits(open));
        expect(seats.credits(now, all[0])).toBe(credits(open.filter((other) => other !== all[0])));
        expect([...seats.open(now, all[0])]).not.toContain(all[0]);
      }
    }),
  );
});

test('replicas are in the order in which they got a credit after they had none', () => {
  const [a, b] = [new Seat(new FakeReplica({ id: 'a' })), new Seat(new FakeReplica({ id: 'b' }))];
  const seats = new Seats();
  const grant = (seat: Seat, creditId: number) =>
    seats.grant(seat, { replicaId: seat.replicaId, creditId, expiresAt: Infinity }, 0);
  for (const seat of [a, b]) seats.add(seat, 0);
  grant(b, 1);
  grant(a, 1);
  grant(b, 2);
  expect([...seats.open(0, undefined)]).toEqual([b, a]);
  seats.spend(b, 0);
  seats.spend(b, 0);
  grant(b, 3);
  expect([...seats.open(0, undefined)]).toEqual([a, b]);
});
