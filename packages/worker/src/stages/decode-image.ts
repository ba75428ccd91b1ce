/** Pictures → tensors, with sharp (libvips), which is loaded when the first picture comes. */
import { Tensor } from '@serving/common';
import type SharpModule from 'sharp';
import { channelsOf, checkImageOptions, type ImageOptions } from './image-options.js';
import { namedStage } from './named-stage.js';

type Sharp = typeof SharpModule;
let sharp: Promise<Sharp> | undefined;

/** Loads the library once a thread; executors give the parallelism, so it gets no threads of its own. */
function loadSharp(): Promise<Sharp> {
  sharp ??= import('sharp').then(({ default: loaded }) => {
    loaded.concurrency(1);
    loaded.cache(false);
    return loaded;
  });
  return sharp;
}

/**
 * A stage: the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture → a float32 tensor. Turned as its EXIF data says;
 * transparency is laid on black.
 * @throws Error at load for options that make no sense; in a stage for bytes that are no picture
 */
export function decodeImage(options: ImageOptions = {}): (bytes: Uint8Array) => Promise<Tensor> {
  checkImageOptions(options);
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

const mostPixels = 2 ** 28;

async function pixelsOf(
  bytes: Uint8Array,
  { width, height, fit = 'fill', kernel = 'linear', ...rest }: ImageOptions,
) {
  if (!(bytes instanceof Uint8Array))
    throw new Error(`expected the bytes of a picture, given ${typeof bytes}`);
  if (!isPicture(bytes))
    throw new Error(
      `expected the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, given ${bytes.length} bytes of something else`,
    );
  const { channels = 'rgb', maxPixels = mostPixels } = rest;
  const open = await loadSharp();
  try {
    let picture = open(bytes, { limitInputPixels: maxPixels }).autoOrient().flatten({ background: '#000' });
    if (width !== undefined && height !== undefined) picture = picture.resize({ width, height, fit, kernel });
    const toned = channels === 'grey' ? picture.greyscale() : picture.toColourspace('srgb');
    return await toned.raw({ depth: 'uchar' }).toBuffer({ resolveWithObject: true });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `expected the bytes of a picture, given ${bytes.length} bytes that cannot be read as one: ${why}`,
      {
        cause,
      },
    );
  }
}

/**
 * What such files begin with, one character a byte. libvips reads more, SVG among it: that is a program of a kind, may name other
 * files, and unpacks without end.
 */
const beginnings = /^(?:\xFF\xD8\xFF|\x89PNG|GIF8[79]a|RIFF[^]{4}WEBP|II[*+]\0|MM\0[*+]|[^]{4}ftypavi[fs])/;

function isPicture(bytes: Uint8Array): boolean {
  return beginnings.test(String.fromCharCode(...bytes.subarray(0, 12)));
}
