import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DemandReport } from '../../src/link/demand-report.js';

function newReport() {
  const told: number[] = [];
  return { told, report: new DemandReport((waiting) => told.push(waiting)) };
}

function wanted() {
  const { told, report } = newReport();
  report.want(true);
  return { told, report };
}

test('a worker that does not want it is told nothing', () => {
  const { told, report } = newReport();
  for (const waiting of [1, 100, 0]) report.update(waiting, true);
  report.spent();
  expect(told).toEqual([]);
});

test('one that wants it again is told anew what waits', () => {
  const { told, report } = wanted();
  report.update(0, true);
  report.update(5, false);
  report.want(false);
  report.want(true);
  report.update(5, false);
  expect(told).toEqual([5, 5]);
});

test('it is told when something waits where nothing did, and then each time that has doubled', () => {
  const { told, report } = wanted();
  for (let waiting = 1; waiting <= 100; waiting++) report.update(waiting, false);
  expect(told).toEqual([1, 2, 4, 8, 16, 32, 64]);
});

test('while batch after batch leaves a queue that fills again, nothing is told', () => {
  const { told, report } = wanted();
  report.update(64, false);
  for (let batch = 0; batch < 100; batch++) {
    report.spent();
    report.update(0, false);
    for (let waiting = 1; waiting <= 60; waiting++) report.update(waiting, false);
  }
  expect(told).toEqual([64]);
});

test('it is told when the queue has filled to half only, and when a credit finds it empty', () => {
  const { told, report } = wanted();
  report.update(64, false);
  report.spent();
  report.update(0, false);
  report.update(32, false);
  report.spent();
  report.update(0, false);
  report.update(0, true);
  report.update(0, true);
  expect(told).toEqual([64, 32, 0]);
});

test('for any course of things a worker knows of demand while there is some, and none is told once credits lie idle', () => {
  const step = fc.record({ waiting: fc.nat({ max: 100 }), hasCredit: fc.boolean(), spends: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      const { told, report } = wanted();
      for (const { waiting, hasCredit, spends } of steps) {
        report.update(waiting, hasCredit);
        const last = told.at(-1) ?? 0;
        if (waiting > 0) expect(last).toBeGreaterThan(waiting / 2);
        if (waiting === 0 && hasCredit) expect(last).toBe(0);
        if (spends) report.spent();
      }
    }),
  );
});
