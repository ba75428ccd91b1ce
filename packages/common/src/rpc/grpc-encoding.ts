/** How messages of a call are compressed (grpc/grpc, doc/compression.md). */
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib';

/**
 * The message; undefined when it was given up.
 * @param goesOn told of each part as it comes, since a few bytes may stand for very many
 * @throws Error for bytes that are no such
 */
export type Decompress = (
  bytes: Uint8Array,
  goesOn: (more: number) => boolean,
) => Promise<Uint8Array | undefined>;

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: (bytes, goesOn) => decompressed(createGunzip(), bytes, goesOn),
  deflate: (bytes, goesOn) => decompressed(createInflate(), bytes, goesOn),
};

export const acceptedEncodings = ['identity', ...Object.keys(decompressors)].join(',');

/** Undefined when messages are not compressed; `unknown` for a name that is not known. */
export function decompressorOf(encoding: string | undefined): Decompress | 'unknown' | undefined {
  if (encoding === undefined || encoding === 'identity') return undefined;
  return Object.hasOwn(decompressors, encoding) ? decompressors[encoding] : 'unknown';
}

async function decompressed(
  engine: Gunzip | Inflate,
  bytes: Uint8Array,
  goesOn: (more: number) => boolean,
): Promise<Uint8Array | undefined> {
  const pieces: Buffer[] = [];
  engine.end(bytes);
  for await (const piece of engine as AsyncIterable<Buffer>) {
    if (!goesOn(piece.length)) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
