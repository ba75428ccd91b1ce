/** Non-maximum suppression: of boxes around the same thing, the one with the highest score. */

/** In pixels, with x from left to right and y from top to bottom; x2 and y2 are the first that lie outside. */
export interface Box {
  readonly x1: number;
  readonly y1: number;
  readonly x2: number;
  readonly y2: number;
}

export interface Detection extends Box {
  readonly label: number;
  readonly score: number;
}

/**
 * The detections to keep, the best first: each shares at most `iouThreshold` with every better one that is kept. Labels make no
 * difference: where a digit is, there is no other one.
 * @param iouThreshold from 0, where boxes that overlap at all suppress each other, to 1, where none does
 */
export function suppress(detections: readonly Detection[], iouThreshold: number): Detection[] {
  const kept: Detection[] = [];
  for (const candidate of detections.toSorted((a, b) => b.score - a.score)) {
    const isFree = kept.every((better) => intersectionOverUnion(better, candidate) <= iouThreshold);
    if (isFree) kept.push(candidate);
  }
  return kept;
}

/** How much two boxes have in common: 0 if they do not touch, 1 if they are the same. */
export function intersectionOverUnion(a: Box, b: Box): number {
  const width = Math.min(a.x2, b.x2) - Math.max(a.x1, b.x1);
  const height = Math.min(a.y2, b.y2) - Math.max(a.y1, b.y1);
  if (width <= 0 || height <= 0) return 0;
  const intersection = width * height;
  return intersection / (areaOf(a) + areaOf(b) - intersection);
}

const areaOf = ({ x1, y1, x2, y2 }: Box) => (x2 - x1) * (y2 - y1);
