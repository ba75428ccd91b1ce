/** Where in a picture the pixels of `decodeImage` are: the way back for whatever a model finds in them. */
import { Tensor } from '@serving/common';
import { checkImageOptions, type ImageOptions } from './image-options.js';
import { namedStage } from './named-stage.js';
import { readPicture } from './read-picture.js';

interface Size {
  readonly width: number;
  readonly height: number;
}

/**
 * A stage with two outputs, for the bytes of a picture that `decodeImage` is given with the same options: the area that its result
 * shows, as float32 [4] (left, top, width and height), and the size of the whole picture, as int32 [2] (width and height); both in
 * pixels of the picture as its EXIF data turns it. What is at x and y of a result of `options.width` by `options.height` is at
 * `left + x * width / options.width` and `top + y * height / options.height` of the picture, to half a pixel of the result. With
 * `fit: 'contain'` the area reaches beyond the picture, so left or top may be negative; with 'cover' it lies within.
 *
 * Reads no further than the picture's header.
 * @throws Error at load for options that make no sense; InputError in a stage for bytes that are no picture
 */
export function imageGeometry(
  options: ImageOptions = {},
): (bytes: Uint8Array) => Promise<[area: Tensor, size: Tensor]> {
  checkImageOptions('imageGeometry', options);
  const stage = async (bytes: Uint8Array): Promise<[Tensor, Tensor]> => {
    const size = await readPicture(bytes, options, async (picture) => (await picture.metadata()).autoOrient);
    return [
      new Tensor('float32', [4], Float32Array.from(areaOf(size, options))),
      new Tensor('int32', [2], Int32Array.of(size.width, size.height)),
    ];
  };
  return namedStage('imageGeometry', stage, 2);
}

function areaOf(picture: Size, { width, height, fit = 'fill' }: ImageOptions): number[] {
  if (width === undefined || height === undefined || fit === 'fill')
    return [0, 0, picture.width, picture.height];
  const scales = [width / picture.width, height / picture.height];
  const scale = fit === 'contain' ? Math.min(...scales) : Math.max(...scales);
  const [left, across] = spanOf(picture.width, width, scale);
  const [top, down] = spanOf(picture.height, height, scale);
  return [left, top, across, down];
}

/** One side of the area. libvips scales the picture to whole pixels, and pads or cuts both ends alike. */
function spanOf(side: number, result: number, scale: number): [from: number, length: number] {
  const scaled = Math.max(1, Math.round(side * scale));
  const cut = Math.floor((scaled - result + 1) / 2);
  return [(cut * side) / scaled, (result * side) / scaled];
}
