/** The bytes of a picture → whatever is read from it with sharp (libvips), which is loaded when the first picture comes. */
import { InputError } from '@serving/common';
import type SharpModule from 'sharp';
import type { Sharp } from 'sharp';

type Open = typeof SharpModule;
let sharp: Promise<Open> | undefined;

/** Loads the library once a thread; executors give the parallelism, so it gets no threads of its own. */
function loadSharp(): Promise<Open> {
  sharp ??= import('sharp').then(({ default: loaded }) => {
    loaded.concurrency(1);
    loaded.cache(false);
    return loaded;
  });
  return sharp;
}

const mostPixels = 2 ** 28;

/** @throws InputError for bytes that are no picture, or one of too many pixels */
export async function readPicture<Result>(
  bytes: Uint8Array,
  { maxPixels = mostPixels }: { readonly maxPixels?: number },
  read: (picture: Sharp) => Promise<Result>,
): Promise<Result> {
  if (!(bytes instanceof Uint8Array))
    throw new Error(`expected the bytes of a picture, given ${typeof bytes}`);
  if (!isPicture(bytes))
    throw new InputError(
      `expected the bytes of a JPEG, PNG, WebP, GIF, AVIF or TIFF picture, given ${bytes.length} bytes of something else`,
    );
  const open = await loadSharp();
  try {
    return await read(open(bytes, { limitInputPixels: maxPixels }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new InputError(
      `expected the bytes of a picture, given ${bytes.length} bytes that cannot be read as one: ${why}`,
      { cause },
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
