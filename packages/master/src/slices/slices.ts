/**
 * Work that may be long, cut where it can pause: a generator that yields after each piece of a millisecond or so, at
 * most. Work that is short never yields, and costs no more than a call.
 */

export type Slices<Result> = Generator<void, Result, void>;

/** A result that is there already, or the rest of the work for it: where even a generator is too much for what is mostly short. */
export type Soon<Result extends object> = Result | Slices<Result>;

export function isSlices<Result extends object>(soon: Soon<Result>): soon is Slices<Result> {
  return 'next' in soon;
}

/** Bytes or characters of JSON between two pauses, which may be short: whoever runs the work decides. */
export const textOfSlice = 16 * 1024;
/** Elements that are converted between two pauses: quicker than they are read. */
export const elementsOfSlice = 64 * 1024;
/** Objects that are gone through between two pauses. */
export const objectsOfSlice = 4096;
/** Bytes that are copied, or looked at by native code, between two pauses. */
export const bytesOfSlice = 2 ** 20;

const noBytes = new Uint8Array(0);

/** One array of them. Empties the list as it goes on, so that hardly more than all of them is held at a time. */
export function* joined(pieces: Uint8Array[]): Slices<Uint8Array> {
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  const whole = pieces.length === 1 ? pieces[0]! : yield* gathered(pieces, bytes);
  pieces.length = 0;
  return whole;
}

function* gathered(pieces: Uint8Array[], bytes: number): Slices<Uint8Array> {
  if (bytes <= bytesOfSlice) return Buffer.concat(pieces, bytes);
  const whole = Buffer.allocUnsafeSlow(bytes);
  let at = 0;
  let pauseAt = bytesOfSlice;
  for (const [index, piece] of pieces.entries()) {
    whole.set(piece, at);
    pieces[index] = noBytes;
    at += piece.length;
    if (at < pauseAt) continue;
    pauseAt = at + bytesOfSlice;
    yield;
  }
  return whole;
}

/** A copy that is its own. */
export function* copied(bytes: Uint8Array): Slices<Buffer> {
  if (bytes.length <= bytesOfSlice) return Buffer.from(bytes);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  for (let at = 0; at < bytes.length; at += bytesOfSlice) {
    copy.set(bytes.subarray(at, at + bytesOfSlice), at);
    yield;
  }
  return copy;
}
