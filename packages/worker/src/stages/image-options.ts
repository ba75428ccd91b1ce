/** How pictures become tensors: what can be asked of `decodeImage` and `imageGeometry`, checked when the configuration is read. */

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

export interface Channels {
  readonly count: number;
  /** Where each channel of the result is in the decoded picture. */
  readonly order: readonly number[];
  readonly mean: readonly number[];
  readonly std: readonly number[];
}

const names = ['width', 'height', 'fit', 'kernel', 'channels', 'layout', 'scale', 'mean', 'std', 'maxPixels'];
const choices = {
  fit: ['fill', 'cover', 'contain'],
  kernel: ['nearest', 'linear', 'cubic', 'lanczos2', 'lanczos3'],
  channels: ['rgb', 'bgr', 'grey'],
  layout: ['chw', 'hwc'],
} as const;

/**
 * @param stage the one that was given them
 * @throws Error saying what was expected; plain JavaScript may give anything
 */
export function checkImageOptions(stage: string, options: ImageOptions): void {
  const check = (name: string, expected: string, isRight: (value: unknown) => boolean) => {
    const value: unknown = Reflect.get(options, name);
    if (value !== undefined && !isRight(value)) throw mistake(stage, name, expected, value);
  };
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown !== undefined) throw mistake(stage, unknown, `one of the options ${names.join(', ')}`);
  for (const [name, known] of Object.entries(choices)) check(name, oneOf(known), isOneOf(known));
  for (const name of ['width', 'height', 'maxPixels']) check(name, 'a whole number from 1', isSize);
  check('scale', 'a finite number', Number.isFinite);
  if ((options.width === undefined) !== (options.height === undefined))
    throw new Error(`${stage}: expected both width and height, or neither`);
}

function mistake(stage: string, name: string, expected: string, ...given: unknown[]): Error {
  const shown = given.length === 0 ? '' : `, given ${String(given[0])}`;
  return new Error(`${stage}: ${name}: expected ${expected}${shown}`);
}

const oneOf = (known: readonly string[]) => `one of '${known.join("', '")}'`;
const isOneOf = (known: readonly string[]) => (value: unknown) => known.includes(value as string);
const isSize = (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1;

export function channelsOf({ channels = 'rgb', mean = 0, std = 1 }: ImageOptions): Channels {
  const order = { rgb: [0, 1, 2], bgr: [2, 1, 0], grey: [0] }[channels];
  const each = (name: string, given: number | readonly number[]): readonly number[] => {
    const values = typeof given === 'number' ? order.map(() => given) : given;
    const isEach = Array.isArray(values) && values.length === order.length && values.every(Number.isFinite);
    if (isEach) return values;
    throw mistake('decodeImage', name, `a number, or ${order.length} for ${channels}`, given);
  };
  if ([std].flat().includes(0))
    throw mistake('decodeImage', 'std', 'numbers other than 0, which pixels are divided by', std);
  return { count: order.length, order, mean: each('mean', mean), std: each('std', std) };
}
