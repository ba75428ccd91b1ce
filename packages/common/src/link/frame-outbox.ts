/** Sends frames as chunks, taking turns, so that a large frame delays neither a small one nor a message between them. */
import { chunksOf, type Chunk } from '../frame/chunk.js';

/** Writes one chunk; resolves when the transport wants more. */
export type SendChunk<Label> = (chunk: Chunk, label: Label | undefined) => Promise<void>;

interface Outgoing<Label> {
  readonly chunks: Iterator<Chunk>;
  /** Goes with the first chunk. */
  label: Label | undefined;
}

/**
 * One per stream and direction. What cannot be sent because the stream broke is dropped: whoever owns the stream learns
 * of its end from the stream itself.
 */
export class FrameOutbox<Label> {
  readonly #sendChunk: SendChunk<Label>;
  #waiting: Outgoing<Label>[] = [];
  #nextFrameId = 1;
  #isSending = false;

  constructor(sendChunk: SendChunk<Label>) {
    this.#sendChunk = sendChunk;
  }

  /** Takes the frame; it must not be changed afterwards. */
  add(frame: ArrayBuffer, label: Label): void {
    this.#waiting.push({ chunks: chunksOf(this.#nextFrameId++, frame), label });
    if (!this.#isSending) void this.#send();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    try {
      for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
        const { done, value: chunk } = next.chunks.next();
        if (done === true) continue;
        const { label } = next;
        next.label = undefined;
        // Behind the others: each frame sends one chunk a turn. A frame without a further chunk leaves at its turn.
        if (chunk.offset + chunk.bytes.byteLength < chunk.totalBytes) this.#waiting.push(next);
        await this.#sendChunk(chunk, label);
      }
    } catch {
      this.#waiting = [];
    } finally {
      this.#isSending = false;
    }
  }
}
