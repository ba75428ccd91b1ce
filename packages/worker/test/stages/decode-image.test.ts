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
      /^expected the bytes of a picture, given 3 bytes that cannot be read as one: /,
    );
    const cut = (
      await sharp({ create: { width: 64, height: 64, channels: 3, background: '#123' } })
        .png()
        .toBuffer()
    ).subarray(0, 60);
    await expect(decodeImage()(cut)).rejects.toThrow(/^expected the bytes of a picture/);
  });

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
    expect(() => decodeImage({ channels: 'cmyk' as 'rgb' })).toThrow(
      "channels: expected 'rgb', 'bgr' or 'grey'",
    );
  });
});
