/** Where text is: what the detection model takes, and what its answer means. */
import { Tensor } from '@serving/worker';
import { planes, sizeOf, type Box, type Scale, type Size } from './pictures.js';

const longestSide = 960;
/** The model halves the picture five times. */
const multiple = 32;
const scale: Scale = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };

/** Pixels more probable than this are text. */
const textPixel = 0.3;
/** A box is kept when its text pixels are this probable on average. */
const leastProbable = 0.6;
/** Smaller boxes, in pixels of the map, are noise. */
const smallest = 3;
/** The model marks the middle of a line: boxes grow by this times their area / perimeter. */
const growth = 1.5;

/** The picture as the model takes it, at most 960 pixels long: float32 [3, height, width]. */
export function detectionInput(picture: Tensor): Promise<Tensor> {
  const { width, height } = sizeOf(picture);
  const shrink = Math.min(1, longestSide / Math.max(width, height));
  const rounded = (side: number) => Math.max(1, Math.round((side * shrink) / multiple)) * multiple;
  const size = { width: rounded(width), height: rounded(height) };
  return planes(picture, { left: 0, top: 0, width, height }, size, scale);
}

/** How probable text is in each pixel, float32 [1, height, width] → boxes of the picture, int32 [boxes, 4]. */
export function textBoxes(map: Tensor, picture: Tensor): Tensor {
  const [, height, width] = map.shape;
  const mapSize = { width: width!, height: height! };
  const boxes = regions(map.dataAs('float32'), mapSize)
    .filter((region) => region.sum / region.count >= leastProbable)
    .filter(({ left, top, right, bottom }) => Math.min(right - left, bottom - top) >= smallest)
    .map((region) => grown(region, mapSize, sizeOf(picture)));
  const numbers = inReadingOrder(boxes).flatMap(({ left, top, width: w, height: h }) => [left, top, w, h]);
  return new Tensor('int32', [boxes.length, 4], Int32Array.from(numbers));
}

/** Text pixels that touch. */
interface Region {
  left: number;
  top: number;
  right: number;
  bottom: number;
  sum: number;
  count: number;
}

function regions(map: Float32Array, { width, height }: Size): Region[] {
  const left = map.map((probability) => (probability > textPixel ? probability : 0));
  const found: Region[] = [];
  for (let start = 0; start < left.length; start++) {
    if (left[start]! > 0) found.push(takeRegion(left, { width, height }, start));
  }
  return found;
}

/** Takes the pixels that touch the one at `start`, corners included, out of `left`. */
function takeRegion(left: Float32Array, { width, height }: Size, start: number): Region {
  const region: Region = { left: width, top: height, right: 0, bottom: 0, sum: 0, count: 0 };
  const stack: number[] = [];
  const take = (at: number) => {
    const probability = left[at]!;
    if (probability === 0) return;
    region.sum += probability;
    region.count++;
    left[at] = 0;
    stack.push(at);
  };
  take(start);
  for (let at = stack.pop(); at !== undefined; at = stack.pop()) {
    const [x, y] = [at % width, Math.floor(at / width)];
    region.left = Math.min(region.left, x);
    region.right = Math.max(region.right, x + 1);
    region.top = Math.min(region.top, y);
    region.bottom = Math.max(region.bottom, y + 1);
    for (let ny = Math.max(0, y - 1); ny <= Math.min(height - 1, y + 1); ny++) {
      for (let nx = Math.max(0, x - 1); nx <= Math.min(width - 1, x + 1); nx++) take(ny * width + nx);
    }
  }
  return region;
}

function grown(region: Region, map: Size, picture: Size): Box {
  const [width, height] = [region.right - region.left, region.bottom - region.top];
  const by = (width * height * growth) / (2 * (width + height));
  const [scaleX, scaleY] = [picture.width / map.width, picture.height / map.height];
  const left = Math.max(0, Math.floor((region.left - by) * scaleX));
  const top = Math.max(0, Math.floor((region.top - by) * scaleY));
  const right = Math.min(picture.width, Math.ceil((region.right + by) * scaleX));
  const bottom = Math.min(picture.height, Math.ceil((region.bottom + by) * scaleY));
  return { left, top, width: right - left, height: bottom - top };
}

/** From top to bottom, and from left to right the boxes whose middle lies within the first of their row. */
function inReadingOrder(boxes: readonly Box[]): Box[] {
  const rows: [Box, ...Box[]][] = [];
  for (const box of boxes.toSorted((a, b) => a.top - b.top)) {
    const middle = box.top + box.height / 2;
    const row = rows.find(([first]) => middle <= first.top + first.height);
    if (row === undefined) rows.push([box]);
    else row.push(box);
  }
  return rows.flatMap((row) => row.toSorted((a, b) => a.left - b.left));
}
