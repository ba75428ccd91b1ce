/** Parts of a picture, as PaddleOCR's models take them. */
import { decodeImage, Tensor } from '@serving/worker';
import sharp from 'sharp';

/** In pixels of the picture. */
export interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Of the values from 0 to 1, for blue, green and red: the models were trained on this order. */
export interface Scale {
  readonly mean: readonly [number, number, number];
  readonly std: readonly [number, number, number];
}

const decode = decodeImage({ layout: 'hwc', scale: 1 });

/** The bytes of a picture → its pixels, uint8 [height, width, 3]. */
export async function openPicture(image: Uint8Array): Promise<Tensor> {
  return (await decode(image)).astype('uint8');
}

export function sizeOf({ shape: [height, width] }: Tensor): Size {
  return { width: width!, height: height! };
}

/** A part of the picture, brought to a size: float32 [3, height, width]. */
export async function planes(picture: Tensor, part: Box, size: Size, { mean, std }: Scale): Promise<Tensor> {
  const raw = { ...sizeOf(picture), channels: 3 } as const;
  const rgb = await sharp(picture.dataAs('uint8'), { raw })
    .extract(part)
    .resize({ ...size, fit: 'fill' })
    .raw()
    .toBuffer();
  const pixels = size.width * size.height;
  const values = new Float32Array(3 * pixels);
  for (let plane = 0; plane < 3; plane++) {
    for (let i = 0; i < pixels; i++)
      values[plane * pixels + i] = (rgb[i * 3 + 2 - plane]! / 255 - mean[plane]!) / std[plane]!;
  }
  return new Tensor('float32', [3, size.height, size.width], values);
}
