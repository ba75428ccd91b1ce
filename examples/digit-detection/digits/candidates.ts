/** What the model says of each cell of its grid, as boxes in the picture that was sent. */
import type { Tensor } from '@serving/worker';
import type { Box, Detection } from './nms.js';

/** Pixels of the model's input that a cell is wide and high. */
const stride = 8;

/** The model's outputs for one picture, each with a row and a column of cells as its last dimensions. */
export interface Cells {
  /** How probable it is that a digit's centre is near: [1, rows, columns]. */
  readonly objectness: Tensor;
  /** How probable each digit is then: [10, rows, columns]. */
  readonly classes: Tensor;
  /** From the cell's centre to the digit's, across and down, then the width and height of its box: [4, rows, columns]. */
  readonly boxes: Tensor;
}

/** Cells with a score of at least `scoreThreshold`; their boxes are in pixels of the model's input. */
export function candidates({ objectness, classes, boxes }: Cells, scoreThreshold: number): Detection[] {
  const [, rows, columns] = objectness.shape as [number, number, number];
  const count = rows * columns;
  const found: Detection[] = [];
  for (let cell = 0; cell < count; cell++) {
    const probabilities = column(classes, cell, count);
    const best = Math.max(...probabilities);
    const score = Number(objectness.data[cell]) * best;
    if (score < scoreThreshold) continue;
    const middle = { x: ((cell % columns) + 0.5) * stride, y: (Math.floor(cell / columns) + 0.5) * stride };
    const [across, down, width, height] = column(boxes, cell, count) as [number, number, number, number];
    const [x1, y1] = [middle.x + across - width / 2, middle.y + down - height / 2];
    found.push({ x1, y1, x2: x1 + width, y2: y1 + height, label: probabilities.indexOf(best), score });
  }
  return found;
}

/** The values of one cell, out of planes that have `count` each. */
function column(planes: Tensor, cell: number, count: number): number[] {
  const data = planes.dataAs('float32');
  return Array.from({ length: planes.shape[0]! }, (_, plane) => data[plane * count + cell]!);
}

/**
 * From the model's input, `side` pixels wide and high, to the picture.
 * @param area of the picture that the input shows, and `size` of the picture, both from `imageGeometry`
 */
export function inPicture<T extends Box>(box: T, side: number, area: Tensor, size: Tensor): T {
  const [left, top, width, height] = [...area.dataAs('float32')] as [number, number, number, number];
  const [pictureWidth, pictureHeight] = [...size.dataAs('int32')] as [number, number];
  const x = (at: number) => clamp(left + (at * width) / side, pictureWidth);
  const y = (at: number) => clamp(top + (at * height) / side, pictureHeight);
  return { ...box, x1: x(box.x1), y1: y(box.y1), x2: x(box.x2), y2: y(box.y2) };
}

const clamp = (at: number, most: number) => Math.min(Math.max(at, 0), most);
