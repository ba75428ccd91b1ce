/** Pictures → tensors. */
import { Tensor } from '@serving/common';
import { channelsOf, checkImageOptions, type ImageOptions } from './image-options.js';
import { namedStage } from './named-stage.js';
import { readPicture } from './read-picture.js';

/**
 * A stage: the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture → a float32 tensor. Turned as its EXIF data says;
 * transparency is laid on black.
 * @throws Error at load for options that make no sense; InputError in a stage for bytes that are no picture
 */
export function decodeImage(options: ImageOptions = {}): (bytes: Uint8Array) => Promise<Tensor> {
  checkImageOptions('decodeImage', options);
  const channels = channelsOf(options);
  const { scale = 1 / 255, layout = 'chw' } = options;
  return namedStage('decodeImage', async (bytes: Uint8Array) => {
    const { data, info } = await pixelsOf(bytes, options);
    const pixels = info.width * info.height;
    const values = new Float32Array(pixels * channels.count);
    for (const [channel, source] of channels.order.entries()) {
      const [mean, std] = [channels.mean[channel]!, channels.std[channel]!];
      const [first, step] = layout === 'chw' ? [channel * pixels, 1] : [channel, channels.count];
      for (let i = 0; i < pixels; i++)
        values[first + i * step] = (data[i * channels.count + source]! * scale - mean) / std;
    }
    const size = [info.height, info.width];
    return new Tensor(
      'float32',
      layout === 'chw' ? [channels.count, ...size] : [...size, channels.count],
      values,
    );
  });
}

function pixelsOf(bytes: Uint8Array, options: ImageOptions) {
  const { width, height, fit = 'fill', kernel = 'linear', channels = 'rgb' } = options;
  return readPicture(bytes, options, (opened) => {
    let picture = opened.autoOrient().flatten({ background: '#000' });
    if (width !== undefined && height !== undefined) picture = picture.resize({ width, height, fit, kernel });
    const toned = channels === 'grey' ? picture.greyscale() : picture.toColourspace('srgb');
    return toned.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  });
}
