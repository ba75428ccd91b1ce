/** Bodies that are compressed on the wire (RFC 9110, section 8.4.1). */
import { ServingError } from '@serving/common';
import { Readable, type Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { constants, createDeflate, createGunzip, createGzip, createInflate } from 'node:zlib';

const codings = ['gzip', 'deflate'] as const;
type Coding = (typeof codings)[number];

/** For bytes that are decompressed once and soon. */
const quick = { level: constants.Z_BEST_SPEED };
/** Smaller replies go as they are: what compressing saves is less than a packet. */
const leastCompressed = 1024;

/** Bytes that are compressed at a time. */
const chunkBytes = 64 * 1024;

const compressors = { gzip: createGzip, deflate: createDeflate };

/** What decompresses the body of such a Content-Encoding; undefined for one that is not compressed. @throws ServingError BAD_REQUEST */
export function decompressor(contentEncoding: string | undefined): Transform | undefined {
  const coding = contentEncoding?.trim().toLowerCase() ?? 'identity';
  if (coding === 'identity' || coding === '') return undefined;
  if (coding === 'gzip' || coding === 'x-gzip') return createGunzip();
  if (coding === 'deflate') return createInflate();
  throw new ServingError(
    'BAD_REQUEST',
    `Content-Encoding: expected ${codings.join(', ')} or identity, given '${contentEncoding}'`,
  );
}

/** The coding that the caller of an Accept-Encoding likes best and the reply is worth; undefined for none. */
export function replyCoding(acceptEncoding: string | undefined, bodyBytes: number): Coding | undefined {
  if (acceptEncoding === undefined || bodyBytes < leastCompressed) return undefined;
  const weights = new Map(
    acceptEncoding.split(',').map((part) => {
      const [name = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith('q='));
      return [name, weight === undefined ? 1 : Number(weight.slice(2))];
    }),
  );
  const weightOf = (coding: Coding) => weights.get(coding) ?? weights.get('*') ?? 0;
  const [best] = codings.toSorted((a, b) => weightOf(b) - weightOf(a));
  return best !== undefined && weightOf(best) > 0 ? best : undefined;
}

/** In pieces again, since one array of all of them would have to be made at once. */
export async function compress(coding: Coding, body: readonly Uint8Array[]): Promise<Uint8Array[]> {
  const compressed: Uint8Array[] = [];
  await pipeline(Readable.from(chunks(body)), compressors[coding](quick), async (pieces) => {
    for await (const piece of pieces) compressed.push(piece as Uint8Array);
  });
  return compressed;
}

/** Elements of BYTES are pieces of a few bytes, of which each would take a turn of its own. */
function* chunks(body: readonly Uint8Array[]): Generator<Uint8Array> {
  let held: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of body) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < chunkBytes) continue;
    yield held.length === 1 ? piece : Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  yield Buffer.concat(held, bytes);
}
