/** Sends frames as chunks, taking turns, so that a large frame delays neither a small one nor a message between them. */
import { chunksOf, maxChunkBytes, type Chunk } from '../frame/chunk.js';
import { maxPartialFrameBytes } from './protocol.js';

/** Writes one chunk; resolves when the transport wants more. */
export type SendChunk<Label> = (chunk: Chunk, label: Label | undefined) => Promise<void>;

interface Outgoing<Label> {
  readonly chunks: Iterator<Chunk>;
  readonly bytes: number;
  /** Goes with the first chunk. */
  label: Label | undefined;
}

/** Frames of several chunks that take turns; more of them would only all arrive later. */
const mostInTurns = 8;

/**
 * One per stream and direction. What cannot be sent because the stream broke is dropped: whoever owns the stream learns
 * of its end from the stream itself.
 */
export class FrameOutbox<Label> {
  readonly #sendChunk: SendChunk<Label>;
  /** What sends a chunk each, in turn. */
  #turns: Outgoing<Label>[] = [];
  /** Frames of several chunks that wait until fewer of them take turns: the other side has to hold their beginnings. */
  #waiting: Outgoing<Label>[] = [];
  /** Of the frames of several chunks that take turns. */
  #begun = { frames: 0, bytes: 0 };
  #nextFrameId = 1;
  #isSending = false;

  constructor(sendChunk: SendChunk<Label>) {
    this.#sendChunk = sendChunk;
  }

  /** Takes the frame; it must not be changed afterwards. */
  add(frame: ArrayBuffer, label: Label): void {
    const bytes = frame.byteLength;
    const outgoing = { chunks: chunksOf(this.#nextFrameId++, frame), bytes, label };
    if (bytes <= maxChunkBytes) this.#turns.push(outgoing);
    else this.#waiting.push(outgoing);
    this.#beginWaiting();
    if (!this.#isSending) void this.#send();
  }

  /** At least one may always begin. */
  #beginWaiting(): void {
    const { frames, bytes } = this.#begun;
    const [first] = this.#waiting;
    if (first === undefined || frames >= mostInTurns) return;
    if (frames > 0 && bytes + first.bytes > maxPartialFrameBytes) return;
    this.#begun = { frames: frames + 1, bytes: bytes + first.bytes };
    this.#turns.push(first);
    this.#waiting.shift();
    this.#beginWaiting();
  }

  #ended({ bytes }: Outgoing<Label>): void {
    if (bytes <= maxChunkBytes) return;
    this.#begun = { frames: this.#begun.frames - 1, bytes: this.#begun.bytes - bytes };
    this.#beginWaiting();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    try {
      for (let next = this.#turns.shift(); next !== undefined; next = this.#turns.shift()) {
        const { done, value: chunk } = next.chunks.next();
        if (done === true) continue;
        const { label } = next;
        next.label = undefined;
        // Behind the others: each frame sends one chunk a turn. A frame without a further chunk leaves at its turn.
        if (chunk.offset + chunk.bytes.byteLength < chunk.totalBytes) this.#turns.push(next);
        else this.#ended(next);
        await this.#sendChunk(chunk, label);
      }
    } catch {
      this.#turns = [];
      this.#waiting = [];
      this.#begun = { frames: 0, bytes: 0 };
    } finally {
      this.#isSending = false;
    }
  }
}
