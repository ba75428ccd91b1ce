/** Non-maximum suppression, boxes from the model's cells, and the measure of how good they are, by hand-made cases. */
import { describe, expect, test } from '@jest/globals';
import { Tensor } from '@serving/worker';
import { averagePrecision, judged } from '../../examples/digit-detection/average-precision.ts';
import { candidates, inPicture } from '../../examples/digit-detection/digits/candidates.ts';
import {
  intersectionOverUnion,
  suppress,
  type Detection,
} from '../../examples/digit-detection/digits/nms.ts';

const box = (x1: number, y1: number, x2: number, y2: number) => ({ x1, y1, x2, y2 });
const detection = (score: number, x1: number, x2: number, label = 3): Detection => ({
  label,
  score,
  ...box(x1, 0, x2, 10),
});

describe('intersection over union', () => {
  test.each([
    ['the same box', box(2, 3, 12, 8), box(2, 3, 12, 8), 1],
    ['a half of it', box(0, 0, 10, 10), box(0, 0, 10, 5), 0.5],
    ['a corner', box(0, 0, 2, 2), box(1, 1, 3, 3), 1 / 7],
    ['boxes that touch', box(0, 0, 10, 10), box(10, 0, 20, 10), 0],
    ['boxes apart, across and down', box(0, 0, 1, 1), box(5, 5, 6, 6), 0],
    ['a box without an area', box(5, 5, 5, 5), box(0, 0, 10, 10), 0],
  ])('of %s', (_, a, b, expected) => {
    expect(intersectionOverUnion(a, b)).toBeCloseTo(expected, 12);
    expect(intersectionOverUnion(b, a)).toBeCloseTo(expected, 12);
  });
});

describe('suppression', () => {
  test('keeps the best of boxes that overlap, and those that stand alone', () => {
    const [weak, best, alone] = [detection(0.6, 0, 10), detection(0.9, 1, 11), detection(0.3, 50, 60)];
    expect(suppress([weak, alone, best], 0.5)).toEqual([best, alone]);
  });

  test('a box that is suppressed suppresses none', () => {
    const chain = [detection(0.9, 0, 10), detection(0.8, 4, 14), detection(0.7, 8, 18)];
    // Neighbours share 6 of 14, the first and the last 2 of 18.
    expect(suppress(chain, 0.4)).toEqual([chain[0], chain[2]]);
    expect(suppress(chain, 0.1)).toEqual([chain[0]]);
  });

  test('boxes that share just as much as the threshold are both kept', () => {
    const pair = [detection(0.9, 0, 10), detection(0.8, 0, 5)];
    expect(suppress(pair, 0.5)).toEqual(pair);
    expect(suppress(pair, 0.499)).toEqual([pair[0]]);
  });

  test('at 1 all are kept, at 0 none that overlaps a better one', () => {
    const all = [detection(0.9, 0, 10), detection(0.8, 0, 10), detection(0.7, 9, 19), detection(0.6, 10, 20)];
    expect(suppress(all, 1)).toEqual(all);
    expect(suppress(all, 0)).toEqual([all[0], all[3]]);
  });

  test('another label makes no difference', () => {
    const pair = [detection(0.9, 0, 10, 4), detection(0.8, 0, 10, 9)];
    expect(suppress(pair, 0.5)).toEqual([pair[0]]);
  });

  test('of nothing is nothing', () => expect(suppress([], 0.5)).toEqual([]));
});

describe('cells', () => {
  const planes = (count: number, values: Record<number, number>) => {
    const data = new Float32Array(count * 6);
    for (const [at, value] of Object.entries(values)) data[Number(at)] = value;
    return new Tensor('float32', [count, 2, 3], data);
  };
  /** Two rows of three; the last cell of the second row sees a 7 of 6x20, a quarter cell to the left of its middle. */
  const cells = {
    objectness: planes(1, { 5: 0.5 }),
    classes: planes(10, { [7 * 6 + 5]: 0.75, [1 * 6 + 5]: 0.25 }),
    boxes: planes(4, { 5: -2, [6 + 5]: 1, [12 + 5]: 6, [18 + 5]: 20 }),
  };

  test('are boxes around what they point at', () => {
    expect(candidates(cells, 0.1)).toEqual([{ label: 7, score: 0.375, ...box(15, 3, 21, 23) }]);
  });

  test('count from the threshold on', () => {
    expect(candidates(cells, 0.375)).toHaveLength(1);
    expect(candidates(cells, 0.376)).toHaveLength(0);
    expect(candidates(cells, 0)).toHaveLength(6);
  });

  test('are brought to the picture, and no further than its edges', () => {
    // A picture of 200x100 in a square of 100: 25 rows of black above and below.
    const area = new Tensor('float32', [4], Float32Array.of(0, -50, 200, 200));
    const size = new Tensor('int32', [2], Int32Array.of(200, 100));
    const seen = { label: 1, score: 0.5 };
    expect(inPicture({ ...box(10, 30, 20, 60), ...seen }, 100, area, size)).toEqual({
      ...box(20, 10, 40, 70),
      ...seen,
    });
    expect(inPicture(box(-5, 20, 105, 90), 100, area, size)).toEqual(box(0, 0, 200, 100));
  });
});

describe('average precision', () => {
  const digit = (x1: number, x2: number, label = 3) => ({ label, ...box(x1, 0, x2, 10) });

  test('a digit counts once, for the best box of its label that fits', () => {
    const digits = [digit(0, 10), digit(20, 30)];
    const found = [detection(0.7, 1, 11), detection(0.9, 0, 10), detection(0.8, 20, 30, 8)];
    expect(judged(found, digits).map(({ score, isRight }) => [score, isRight])).toEqual([
      [0.9, true],
      [0.8, false],
      [0.7, false],
    ]);
  });

  test('is 1 if all are found before anything wrong, and less for those that are missing or come late', () => {
    const ranked = (...right: boolean[]) =>
      right.map((isRight, index) => ({ label: 3, score: 1 - index / 10, isRight }));
    expect(averagePrecision(ranked(true, true, false), 2)).toBe(1);
    expect(averagePrecision(ranked(true), 2)).toBe(0.5);
    expect(averagePrecision(ranked(false, true), 1)).toBe(0.5);
    // 1 up to a half, then two of three.
    expect(averagePrecision(ranked(true, false, true), 2)).toBeCloseTo(1 / 2 + 1 / 3, 12);
    expect(averagePrecision([], 2)).toBe(0);
  });
});
