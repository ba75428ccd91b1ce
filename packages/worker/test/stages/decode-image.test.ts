/** Pictures are made with sharp here, and read again by the stage. */
import { describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { decodeImage } from '../../src/stages/decode-image.js';

/** 2 wide, 1 high: red, then blue. */
const redBlue = () =>
  sharp(Buffer.from([255, 0, 0, 0, 0, 255]), { raw: { width: 2, height: 1, channels: 3 } });
const png = async () => new Uint8Array(await redBlue().png().toBuffer());

describe('pixels', () => {
  test('are planes of red, green and blue from 0 to 1', async () => {
    const { dtype, shape, data } = await decodeImage()(await png());
    expect([dtype, shape, [...data]]).toEqual(['float32', [3, 1, 2], [1, 0, 0, 0, 0, 1]]);
  });

  test('may lie side by side, in the other order, and be shifted and scaled', async () => {
    const { shape, data } = await decodeImage({
      channels: 'bgr',
      layout: 'hwc',
      scale: 1,
      mean: 55,
      std: [1, 1, 2],
    })(await png());
    expect([shape, [...data]]).toEqual([
      [1, 2, 3],
      [-55, -55, 100, 200, -55, -27.5],
    ]);
  });

  test('may be grey', async () => {
    const { shape, data } = await decodeImage({ channels: 'grey', scale: 1 })(await png());
    expect(shape).toEqual([1, 1, 2]);
    expect(data[0]).toBeGreaterThan(Number(data[1]));
  });

  test('of a grey picture or one with transparency have three channels all the same', async () => {
    const grey = await redBlue().greyscale().png().toBuffer();
    expect((await decodeImage()(grey)).shape).toEqual([3, 1, 2]);
    const clear = await redBlue().ensureAlpha(0).png().toBuffer();
    expect([...(await decodeImage()(clear)).data]).toEqual([0, 0, 0, 0, 0, 0]);
  });

  test('of 16 bits are read as 8', async () => {
    const deep = await redBlue().toColourspace('rgb16').png().toBuffer();
    expect([...(await decodeImage()(deep)).data]).toEqual([1, 0, 0, 0, 0, 1]);
  });
});

describe('size', () => {
  test('is what was asked for', async () => {
    expect((await decodeImage({ width: 6, height: 4 })(await png())).shape).toEqual([3, 4, 6]);
  });

  test('contain pads with black', async () => {
    const { data } = await decodeImage({ width: 2, height: 3, fit: 'contain', kernel: 'nearest' })(
      await png(),
    );
    expect([...data.subarray(0, 6)]).toEqual([0, 0, 1, 0, 0, 0]);
  });

  test('a picture that lies on its side is turned as its EXIF data says', async () => {
    const turned = await redBlue().jpeg().withMetadata({ orientation: 6 }).toBuffer();
    expect((await decodeImage()(turned)).shape).toEqual([3, 2, 1]);
  });
});

describe('mistakes', () => {
  test('bytes that are no picture', async () => {
    await expect(decodeImage()(new Uint8Array(3))).rejects.toThrow(
      'expected the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, given 3 bytes of something else',
    );
    const cut = (
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#123' } })
        .png()
        .toBuffer()
    ).subarray(0, 60);
    await expect(decodeImage()(cut)).rejects.toThrow(/^expected the bytes of a picture/);
  });

  test('a drawing, which libvips would follow to other files', async () => {
    const svg =
      '<svg xmlns="http://www.w3.org/2000/svg" width="4" height="4"><rect width="4" height="4"/></svg>';
    await expect(decodeImage()(Buffer.from(svg))).rejects.toThrow(/given 95 bytes of something else$/);
  });

  test.each(['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'] as const)(
    'but not a picture as %s',
    async (format) => {
      expect((await decodeImage()(await redBlue().toFormat(format).toBuffer())).shape).toEqual([3, 1, 2]);
    },
  );

  test('a picture that unpacks to more pixels than are allowed', async () => {
    const large = await sharp({ create: { width: 100, height: 100, channels: 3, background: '#000' } })
      .png()
      .toBuffer();
    await expect(decodeImage({ maxPixels: 9999 })(large)).rejects.toThrow(/pixel limit/);
  });

  test('a value that is not bytes', async () => {
    await expect(decodeImage()('x' as unknown as Uint8Array)).rejects.toThrow(
      'expected the bytes of a picture, given string',
    );
  });

  test('options that make no sense are refused when the configuration is read', () => {
    expect(() => decodeImage({ width: 3 })).toThrow('expected both width and height, or neither');
    expect(() => decodeImage({ mean: [1, 2] })).toThrow(
      'decodeImage: mean: expected a number, or 3 for rgb, given 1,2',
    );
    expect(() => decodeImage({ std: [1, 0, 1] })).toThrow('std: expected numbers other than 0');
  });

  test.each<[object, string]>([
    [{ channels: 'cmyk' }, "channels: expected one of 'rgb', 'bgr', 'grey', given cmyk"],
    [{ layout: 'nchw' }, "layout: expected one of 'chw', 'hwc', given nchw"],
    [{ fit: 'inside' }, "fit: expected one of 'fill', 'cover', 'contain', given inside"],
    [{ kernel: 'bicubic' }, "kernel: expected one of 'nearest', "],
    [{ width: 0, height: 1 }, 'width: expected a whole number from 1, given 0'],
    [{ width: 1, height: 1.5 }, 'height: expected a whole number from 1, given 1.5'],
    [{ maxPixels: -1 }, 'maxPixels: expected a whole number from 1, given -1'],
    [{ scale: NaN }, 'scale: expected a finite number, given NaN'],
    [{ mean: 'none' }, 'mean: expected a number, or 3 for rgb, given none'],
    [{ size: 3 }, 'size: expected one of the options width, height, fit, '],
  ])('%j is refused when the configuration is read', (options, text) => {
    expect(() => decodeImage(options)).toThrow(`decodeImage: ${text}`);
  });
});
