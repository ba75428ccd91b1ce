/**
 * Frames cut into chunks, so that on one stream a large batch delays neither a small one nor a cancellation, and put
 * together again.
 */
import { invalidFrame } from './frame-buffer.js';

/** Largest chunk, in bytes. */
export const maxChunkBytes = 1024 * 1024;

export interface Chunk {
  /** Tells the frames of one stream apart. */
  readonly frameId: number;
  /** Bytes of the whole frame. */
  readonly totalBytes: number;
  /** Where this chunk begins in the frame. */
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** The frame in order, as views of at most `chunkBytes`. */
export function* chunksOf(frameId: number, frame: ArrayBuffer, chunkBytes = maxChunkBytes): Generator<Chunk> {
  const totalBytes = frame.byteLength;
  for (let offset = 0; offset < totalBytes; offset += chunkBytes) {
    yield {
      frameId,
      totalBytes,
      offset,
      bytes: new Uint8Array(frame, offset, Math.min(chunkBytes, totalBytes - offset)),
    };
  }
}

interface PartialFrame {
  readonly frame: Uint8Array<ArrayBuffer>;
  filled: number;
}

/** Why the chunk is not the next one of a frame of `totalBytes` of which `filled` are there. */
function problemOf(chunk: Chunk, totalBytes: number, filled: number): string | undefined {
  if (chunk.totalBytes !== totalBytes || chunk.offset !== filled) {
    return `expected a chunk at ${filled} of ${totalBytes} bytes, given one at ${chunk.offset} of ${chunk.totalBytes}`;
  }
  if (filled + chunk.bytes.byteLength > totalBytes)
    return `chunk at ${chunk.offset} runs over its ${totalBytes} bytes`;
  // A peer that sends nothing, again and again, would hold the frame's memory for ever.
  return chunk.bytes.byteLength === 0 && totalBytes > 0 ? `chunk at ${chunk.offset} is empty` : undefined;
}

/** Puts interleaved chunks of many frames together again. One per stream. */
export class FrameAssembler {
  readonly #maxBytes: number;
  readonly #maxFrames: number;
  readonly #partial = new Map<number, PartialFrame>();
  #heldBytes = 0;

  /**
   * @param maxBytes most bytes that frames still incomplete may claim together
   * @param maxFrames most frames that may be incomplete: each costs memory beside its bytes
   */
  constructor(maxBytes: number, maxFrames = Infinity) {
    this.#maxBytes = maxBytes;
    this.#maxFrames = maxFrames;
  }

  /** Bytes claimed by frames that are still incomplete. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /**
   * The whole frame once its last chunk is in, undefined before. A frame with a chunk that does not fit is forgotten.
   * @throws ServingError FRAME_INVALID
   */
  add(chunk: Chunk): ArrayBuffer | undefined {
    const entry = this.#partial.get(chunk.frameId);
    const problem = problemOf(chunk, entry?.frame.byteLength ?? chunk.totalBytes, entry?.filled ?? 0);
    if (problem !== undefined) {
      this.drop(chunk.frameId);
      throw invalidFrame(`frame ${chunk.frameId}: ${problem}`);
    }
    return entry === undefined ? this.#begin(chunk) : this.#fill(entry, chunk);
  }

  #fill(entry: PartialFrame, chunk: Chunk): ArrayBuffer | undefined {
    entry.frame.set(chunk.bytes, entry.filled);
    entry.filled += chunk.bytes.byteLength;
    if (entry.filled < entry.frame.byteLength) return undefined;
    this.drop(chunk.frameId);
    return entry.frame.buffer;
  }

  /** Forgets an incomplete frame, for instance because its batch was cancelled. */
  drop(frameId: number): void {
    const entry = this.#partial.get(frameId);
    if (entry === undefined) return;
    this.#partial.delete(frameId);
    this.#heldBytes -= entry.frame.byteLength;
  }

  #begin(chunk: Chunk): ArrayBuffer | undefined {
    // Size before allocation: the claim comes from the other side of a socket.
    const room = this.#maxBytes - this.#heldBytes;
    if (!Number.isInteger(chunk.totalBytes) || chunk.totalBytes < 0 || chunk.totalBytes > room) {
      throw invalidFrame(
        `frame ${chunk.frameId} of ${chunk.totalBytes} bytes: expected at most ${room} more`,
      );
    }
    if (this.#partial.size >= this.#maxFrames)
      throw invalidFrame(`frame ${chunk.frameId}: expected at most ${this.#maxFrames} incomplete frames`);
    const entry = { frame: new Uint8Array(chunk.totalBytes), filled: 0 };
    if (chunk.bytes.byteLength === chunk.totalBytes) {
      // Most frames are, and there is nothing to remember of them.
      entry.frame.set(chunk.bytes);
      return entry.frame.buffer;
    }
    this.#partial.set(chunk.frameId, entry);
    this.#heldBytes += chunk.totalBytes;
    return this.#fill(entry, chunk);
  }
}
