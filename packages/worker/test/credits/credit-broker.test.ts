import { expect, test } from '@jest/globals';
import { patienceMs } from '../../src/credits/credit-broker.js';
import { BrokerUnderTest, validMs, type Holder } from './broker-under-test.js';

const counts = (...holders: readonly Holder[]) => holders.map(({ credits }) => credits.length);

test('the only master gets a credit for each free executor, and is asked for nothing', () => {
  const under = new BrokerUnderTest().free(1, 2);
  const master = under.open();
  expect([counts(master), master.isAsked, under.broker.outstanding]).toEqual([[2], false, 2]);
  const executorId = under.spend(master);
  expect([executorId, counts(master)]).toEqual([1, [1]]);
  under.end(master, executorId);
  expect(counts(master)).toEqual([2]);
  expect([under.spend(master), under.spend(master)]).toEqual([2, 1]);
});

test('an executor that is said to be free twice is granted once', () => {
  const under = new BrokerUnderTest();
  const master = under.open();
  under.free(1).free(1);
  expect(counts(master)).toEqual([1]);
});

test('a master that spends what it is granted at once gets all there are', () => {
  const under = new BrokerUnderTest().free(1, 2, 3);
  const master = under.open();
  const spent: (number | undefined)[] = [];
  for (let i = 0; i < 3; i++) spent.push(under.spend(master));
  master.onGrant = (creditId) => {
    master.credits.pop();
    spent.push(under.broker.spend(master.account, creditId));
    under.broker.ended(master.account);
  };
  under.free(2, 3, 1);
  expect(spent).toEqual([1, 2, 3, 2, 3, 1]);
});

test('a second master gets its part of what lies idle, and both are asked for their demand', () => {
  const under = new BrokerUnderTest().free(1, 2, 3, 4);
  const [one, other] = [under.open(), under.open()];
  expect([counts(one, other), one.isAsked, other.isAsked]).toEqual([[2, 2], true, true]);
  const third = under.open();
  expect(counts(one, other, third)).toEqual([1, 2, 1]);
  under.broker.close(other.account);
  under.broker.close(third.account);
  expect([counts(one), one.isAsked]).toEqual([[4], false]);
});

test('credits of an idle master go to the one that demands, no more than it has use for', () => {
  const under = new BrokerUnderTest().free(1, 2, 3, 4);
  const [busy, idle] = [under.open(), under.open()];
  under.demand(busy, 3);
  expect(counts(busy, idle)).toEqual([3, 1]);
  under.demand(busy, 100);
  expect(counts(busy, idle)).toEqual([4, 0]);
});

test('while nobody demands, a credit goes where the fewest are, and of two to the one who had it', () => {
  const under = new BrokerUnderTest().free(1);
  const [one, other] = [under.open(), under.open()];
  for (let batch = 0; batch < 3; batch++) under.end(one, under.spend(one));
  expect(counts(one, other)).toEqual([1, 0]);
  under.demand(other, 1);
  expect(counts(one, other)).toEqual([0, 1]);
  const executorId = under.spend(other);
  under.demand(other, 0);
  under.end(other, executorId);
  expect(counts(one, other)).toEqual([0, 1]);
  under.free(2);
  expect(counts(one, other)).toEqual([1, 1]);
});

test('two masters that demand take turns on one executor, whatever waits at each', () => {
  const under = new BrokerUnderTest().free(1);
  const holders = [under.open(), under.open()];
  under.demand(holders[0]!, 10_000);
  under.demand(holders[1]!, 1);
  const order: number[] = [];
  for (let batch = 0; batch < 6; batch++) {
    const turn = holders.findIndex(({ credits }) => credits.length > 0);
    order.push(turn);
    under.end(holders[turn]!, under.spend(holders[turn]!));
  }
  expect(order).toEqual([0, 1, 0, 1, 0, 1]);
});

test('more executors than masters are divided by what waits, and each that demands has one at least', () => {
  const under = new BrokerUnderTest();
  const [much, half, little] = [under.open(), under.open(), under.open()];
  under.demand(much, 600);
  under.demand(half, 300);
  under.demand(little, 1);
  under.free(1, 2, 3, 4, 5, 6, 7);
  expect(counts(much, half, little)).toEqual([4, 2, 1]);
});

test('a batch that runs counts as what its master has', () => {
  const under = new BrokerUnderTest().free(1, 2);
  const [one, other] = [under.open(), under.open()];
  under.demand(one, 100);
  under.spend(one);
  const executorId = under.spend(one);
  under.demand(other, 100);
  under.end(one, executorId);
  expect(counts(one, other)).toEqual([0, 1]);
});

test('what was granted for an executor that is gone is recalled', () => {
  const under = new BrokerUnderTest().free(1);
  const master = under.open();
  under.broker.placeGone(1);
  expect([counts(master), under.broker.outstanding]).toEqual([[0], 0]);
  under.broker.placeGone(1);
  under.free(2);
  expect(under.spend(master)).toBe(2);
});

test('a credit that was recalled, spent or is of another master is void', () => {
  const under = new BrokerUnderTest().free(1);
  const [one, other] = [under.open(), under.open()];
  const [creditId] = one.credits;
  expect(under.broker.spend(other.account, creditId!)).toBeUndefined();
  under.demand(other, 1);
  expect(under.broker.spend(one.account, creditId!)).toBeUndefined();
  const [granted] = other.credits;
  expect(under.broker.spend(other.account, granted!)).toBe(1);
  expect(under.broker.spend(other.account, granted!)).toBeUndefined();
});

test('a master that has forgotten its credits gets others for them', () => {
  const under = new BrokerUnderTest().free(1, 2);
  const master = under.open();
  const before = [...master.credits];
  under.broker.replaceAll(master.account);
  expect(master.credits).toHaveLength(2);
  expect(before.filter((creditId) => master.credits.includes(creditId))).toEqual([]);
});

test('and is asked for its demand again, of which nothing is known then', () => {
  const under = new BrokerUnderTest().free(1);
  const [one, other] = [under.open(), under.open()];
  under.demand(one, 1);
  one.isAsked = false;
  under.broker.replaceAll(one.account);
  under.demand(other, 1);
  expect([one.isAsked, counts(one, other)]).toEqual([true, [0, 1]]);
});

test('a credit that is not renewed lapses: another is granted, and nothing is left that waits', () => {
  const under = new BrokerUnderTest().free(1);
  const master = under.open();
  const [first] = master.credits;
  under.clock.advance(validMs - 1);
  expect(master.credits).toEqual([first]);
  under.broker.renew(master.account);
  under.clock.advance(validMs - 1);
  expect(master.credits).toEqual([first]);
  under.clock.advance(1);
  expect(master.credits).toEqual([first! + 1]);
  under.broker.close(master.account);
  expect(under.clock.pending).toBe(0);
});

test('one that lapses goes to who demands', () => {
  const under = new BrokerUnderTest();
  const [silent, other] = [under.open(50), under.open()];
  under.demand(silent, 1);
  under.free(1);
  under.demand(other, 1);
  expect(counts(silent, other)).toEqual([1, 0]);
  under.clock.advance(50);
  expect(counts(silent, other)).toEqual([0, 1]);
});

test('credits without an end need no timer', () => {
  const under = new BrokerUnderTest().free(1);
  under.open(Infinity);
  expect(under.clock.pending).toBe(0);
});

test('while its batch arrives a credit neither lapses nor is recalled', () => {
  const under = new BrokerUnderTest().free(1);
  const [one, other] = [under.open(), under.open()];
  const [creditId] = one.credits;
  under.broker.arriving(one.account, creditId!);
  under.demand(other, 1);
  under.clock.advance(2 * validMs);
  expect([counts(one, other), under.spend(one)]).toEqual([[1, 0], 1]);
});

test('one that demands and spends nothing has a while; then its credit goes to who has none', () => {
  const under = new BrokerUnderTest();
  const [stuck, other] = [under.open(), under.open()];
  under.demand(stuck, 1);
  under.free(1);
  under.clock.advance(10);
  under.demand(other, 1);
  under.clock.advance(patienceMs - 11);
  expect(counts(stuck, other)).toEqual([1, 0]);
  under.clock.advance(1);
  expect(counts(stuck, other)).toEqual([0, 1]);
});

test('one that has a batch running need not be given what another leaves unspent', () => {
  const under = new BrokerUnderTest().free(1);
  const [one, other] = [under.open(), under.open()];
  under.demand(other, 10);
  under.spend(other);
  under.demand(one, 1);
  under.free(2);
  under.clock.advance(5 * patienceMs);
  expect(counts(one, other)).toEqual([1, 0]);
});
