/** Pictures → tensors, with sharp (libvips), which is loaded when the first picture comes. */
import { Tensor } from '@serving/common';
import type SharpModule from 'sharp';
import { namedStage } from './named-stage.js';

export interface ImageOptions {
  /** Size of the result in pixels. Both or neither. @default the picture's own */
  width?: number;
  height?: number;
  /**
   * fill: stretched to the size. cover: cut to its proportions first. contain: padded with black to them.
   * @default 'fill'
   */
  fit?: 'fill' | 'cover' | 'contain';
  /** How pixels are worked out when the size changes. @default 'linear' */
  kernel?: 'nearest' | 'linear' | 'cubic' | 'lanczos2' | 'lanczos3';
  /** rgb and bgr have three channels, grey one. @default 'rgb' */
  channels?: 'rgb' | 'bgr' | 'grey';
  /** chw: [channels, height, width]. hwc: [height, width, channels]. @default 'chw' */
  layout?: 'chw' | 'hwc';
  /** Each value, from 0 to 255, is multiplied by this first. @default 1 / 255 */
  scale?: number;
  /** Taken off then, one for all channels or one per channel in the order of the result. @default 0 */
  mean?: number | readonly number[];
  /** Divided by then, likewise. @default 1 */
  std?: number | readonly number[];
  /** Most pixels of a picture; a small file may unpack to a huge one. @default 2^28 */
  maxPixels?: number;
}

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

interface Channels {
  readonly count: number;
  /** Where each channel of the result is in the decoded picture. */
  readonly order: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

/**
 * A stage: the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture → a float32 tensor. Turned as its EXIF data says;
 * transparency is laid on black.
 * @throws Error at load for options that make no sense; in a stage for bytes that are no picture
 */
export function decodeImage(options: ImageOptions = {}): (bytes: Uint8Array) => Promise<Tensor> {
  const channels = channelsOf(options);
  const { width, height, scale = 1 / 255, layout = 'chw' } = options;
  if ((width === undefined) !== (height === undefined))
    throw new Error('decodeImage: expected both width and height, or neither');
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

function channelsOf({ channels = 'rgb', mean = 0, std = 1 }: ImageOptions): Channels {
  const order = { rgb: [0, 1, 2], bgr: [2, 1, 0], grey: [0] }[channels];
  if (order === undefined)
    throw new Error(`decodeImage: channels: expected 'rgb', 'bgr' or 'grey', given ${channels as string}`);
  const each = (name: string, given: number | readonly number[]): readonly number[] => {
    const values = typeof given === 'number' ? order.map(() => given) : given;
    if (values.length === order.length && values.every(Number.isFinite)) return values;
    throw new Error(
      `decodeImage: ${name}: expected a number, or ${order.length} for ${channels}, given ${String(given)}`,
    );
  };
  return { count: order.length, order, mean: each('mean', mean), std: each('std', std) };
}

const mostPixels = 2 ** 28;

async function pixelsOf(
  bytes: Uint8Array,
  { width, height, fit = 'fill', kernel = 'linear', ...rest }: ImageOptions,
) {
  if (!(bytes instanceof Uint8Array))
    throw new Error(`expected the bytes of a picture, given ${typeof bytes}`);
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
