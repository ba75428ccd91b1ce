/** Bodies that are compressed on the wire (RFC 9110, section 8.4.1). */
import { ServingError } from '@serving/common';
import type { Transform } from 'node:stream';
import { promisify } from 'node:util';
import { constants, createGunzip, createInflate, deflate, gzip } from 'node:zlib';

const codings = ['gzip', 'deflate'] as const;
type Coding = (typeof codings)[number];

/** For bytes that are decompressed once and soon. */
const quick = { level: constants.Z_BEST_SPEED };
/** Smaller replies go as they are: what compressing saves is less than a packet. */
const leastCompressed = 1024;

const compressors = { gzip: promisify(gzip), deflate: promisify(deflate) };

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

export function compress(coding: Coding, body: readonly Uint8Array[]): Promise<Uint8Array> {
  return compressors[coding](body.length === 1 ? body[0]! : Buffer.concat(body), quick);
}
