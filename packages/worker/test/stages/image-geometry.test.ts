/** A white box in a picture is decoded, found again in the result and brought back to the picture. */
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { decodeImage } from '../../src/stages/decode-image.js';
import { imageGeometry } from '../../src/stages/image-geometry.js';
import type { ImageOptions } from '../../src/stages/image-options.js';

const blank = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: '#000' } });

/** Left, top, right and bottom of where a picture is brighter than half. */
function bright(pixels: ArrayLike<number | bigint>, width: number, height: number): number[] {
  const lit = Array.from({ length: width * height }, (_, at) => at).filter((at) => Number(pixels[at]) > 0.5);
  const columns = lit.map((at) => at % width);
  const rows = lit.map((at) => Math.floor(at / width));
  return [Math.min(...columns), Math.min(...rows), Math.max(...columns) + 1, Math.max(...rows) + 1];
}

describe('what is found in the result', () => {
  const [width, height] = [64, 48];
  const box = { left: 80, top: 70, width: 60, height: 90 };
  const corners = [80, 70, 140, 160];

  async function broughtBack(fit: ImageOptions['fit'], pictureWidth: number, pictureHeight: number) {
    const white = sharp({ create: { width: 60, height: 90, channels: 3, background: '#fff' } });
    const input = await white.png().toBuffer();
    const picture = await blank(pictureWidth, pictureHeight)
      .composite([{ input, ...box }])
      .png()
      .toBuffer();
    const options: ImageOptions = { width, height, fit, channels: 'grey' };
    const { data } = await decodeImage(options)(picture);
    const [area] = await imageGeometry(options)(picture);
    const [left, top, across, down] = area.toNested() as number[];
    const step = [across! / width, down! / height];
    const found = bright(data, width, height).map(
      (at, side) => at * step[side % 2]! + [left!, top!][side % 2]!,
    );
    // In pixels of the result, of which the box's edges may cover a part.
    return found.map((value, side) => Math.abs(value - corners[side]!) / step[side % 2]!);
  }

  test.each<[ImageOptions['fit'], number, number]>([
    ['fill', 300, 200],
    ['fill', 211, 307],
    ['contain', 300, 200],
    ['contain', 211, 307],
    ['contain', 307, 211],
    ['cover', 300, 201],
    ['cover', 217, 226],
  ])('%s: a box in a picture of %dx%d is where it was', async (fit, ...size) => {
    for (const difference of await broughtBack(fit, ...size)) expect(difference).toBeLessThanOrEqual(0.6);
  });
});

describe('the area', () => {
  const of = async (options: ImageOptions, picture = blank(200, 100)) => {
    const [area, size] = await imageGeometry(options)(await picture.png().toBuffer());
    return [area.toNested(), size.toNested()];
  };

  test('is the whole picture if nothing is cut or padded', async () => {
    const whole = [
      [0, 0, 200, 100],
      [200, 100],
    ];
    expect(await of({})).toEqual(whole);
    expect(await of({ width: 50, height: 50 })).toEqual(whole);
    expect(await of({ width: 50, height: 25, fit: 'contain' })).toEqual(whole);
  });

  test('reaches beyond it where it is padded', async () => {
    expect(await of({ width: 50, height: 50, fit: 'contain' })).toEqual([
      [0, -48, 200, 200],
      [200, 100],
    ]);
  });

  test('lies within where it is cut', async () => {
    expect(await of({ width: 50, height: 50, fit: 'cover' })).toEqual([
      [50, 0, 100, 100],
      [200, 100],
    ]);
  });

  test('is that of the picture as it is turned by its EXIF data', async () => {
    const turned = await blank(200, 100).jpeg().withMetadata({ orientation: 6 }).toBuffer();
    const [area, size] = await imageGeometry()(turned);
    expect([area.toNested(), size.toNested()]).toEqual([
      [0, 0, 100, 200],
      [100, 200],
    ]);
  });
});

test('bytes that are no picture, and options that make no sense, are refused as by decodeImage', async () => {
  await expect(imageGeometry()(new Uint8Array(3))).rejects.toThrow(
    'expected the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, given 3 bytes of something else',
  );
  const large = await blank(100, 100).png().toBuffer();
  await expect(imageGeometry({ maxPixels: 9999 })(large)).rejects.toThrow(/pixel limit/);
  expect(() => imageGeometry({ width: 3 })).toThrow('imageGeometry: expected both width and height');
  expect(() => imageGeometry({ width: 0, height: 3 })).toThrow(
    'imageGeometry: width: expected a whole number',
  );
});
