/** How messages of a call are compressed (grpc/grpc, doc/compression.md). */
import { promisify } from 'node:util';
import { gunzip, inflate } from 'node:zlib';

/** @throws Error for bytes that are no such; its code is ERR_BUFFER_TOO_LARGE when there would be more than `most` */
export type Decompress = (bytes: Uint8Array, most: number) => Promise<Uint8Array>;

const [gunzipAll, inflateAll] = [promisify(gunzip), promisify(inflate)];

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: (bytes, most) => gunzipAll(bytes, { maxOutputLength: most }),
  deflate: (bytes, most) => inflateAll(bytes, { maxOutputLength: most }),
};

export const acceptedEncodings = ['identity', ...Object.keys(decompressors)].join(',');

/** Undefined when messages are not compressed; `unknown` for a name that is not known. */
export function decompressorOf(encoding: string | undefined): Decompress | 'unknown' | undefined {
  if (encoding === undefined || encoding === 'identity') return undefined;
  return Object.hasOwn(decompressors, encoding) ? decompressors[encoding] : 'unknown';
}
