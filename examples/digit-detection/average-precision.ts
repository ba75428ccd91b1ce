/** How good a detector is on pictures of which everything is known. */
import { intersectionOverUnion, type Box, type Detection } from './digits/nms.ts';

/** A box counts as right if it has at least so much in common with that of a digit of its label. */
const match = 0.5;

export interface Digit extends Box {
  readonly label: number;
}

/** A detection, and whether it is right. */
export interface Judged {
  readonly label: number;
  readonly score: number;
  readonly isRight: boolean;
}

/** Judges what was found in one picture, the best first: a digit that is found twice was found once, and once wrongly. */
export function judged(found: readonly Detection[], digits: readonly Digit[]): Judged[] {
  const free = new Set(digits);
  return found
    .toSorted((a, b) => b.score - a.score)
    .map((detection) => {
      const { label, score } = detection;
      const [best] = [...free]
        .filter((digit) => digit.label === label && intersectionOverUnion(digit, detection) >= match)
        .toSorted((a, b) => intersectionOverUnion(b, detection) - intersectionOverUnion(a, detection));
      if (best !== undefined) free.delete(best);
      return { label, score, isRight: best !== undefined };
    });
}

/**
 * The area below the curve of precision over recall, at every recall the best precision at that one or a higher one.
 * @param count how many digits there are to find
 */
export function averagePrecision(detections: readonly Judged[], count: number): number {
  const ranked = detections.toSorted((a, b) => b.score - a.score);
  let [right, area, best] = [ranked.filter(({ isRight }) => isRight).length, 0, 0];
  for (let rank = ranked.length; rank > 0; rank--) {
    best = Math.max(best, right / rank);
    if (!ranked[rank - 1]!.isRight) continue;
    area += best / count;
    right--;
  }
  return area;
}
