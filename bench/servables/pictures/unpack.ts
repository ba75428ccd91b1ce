import { Tensor } from '@serving/worker';
import { inflateSync } from 'node:zlib';

/** Of a packed picture: three bytes a pixel, row by row, deflated. */
export const packedWidth = 640;
export const packedHeight = 480;
const target = 224;
const channels = 3;

/** What a PNG asks for, on the executor's own thread: inflates a picture, resizes it, turns it to floats by channel. */
export function unpack(packed: Uint8Array): Tensor {
  const pixels = inflateSync(packed);
  const planes = new Float32Array(channels * target * target);
  for (let y = 0; y < target; y++) {
    const top = ((y * packedHeight) / target) | 0;
    for (let x = 0; x < target; x++) resample(pixels, planes, { top, x, y });
  }
  return new Tensor('float32', [channels, target, target], planes);
}

interface Place {
  readonly top: number;
  readonly x: number;
  readonly y: number;
}

/** The mean of four pixels, from 0 to 1. */
function resample(pixels: Uint8Array, planes: Float32Array, { top, x, y }: Place): void {
  const left = ((x * packedWidth) / target) | 0;
  const first = (top * packedWidth + left) * channels;
  const below = first + packedWidth * channels;
  for (let channel = 0; channel < channels; channel++) {
    const sum =
      pixels[first + channel]! +
      pixels[first + channels + channel]! +
      pixels[below + channel]! +
      pixels[below + channels + channel]!;
    planes[(channel * target + y) * target + x] = sum / 1020;
  }
}
