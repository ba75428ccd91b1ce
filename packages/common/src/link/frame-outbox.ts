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
  readonly order: string | undefined;
  readonly onSent: (() => void) | undefined;
}

export interface SendingOptions {
  /** Frames that are given the same arrive in the order in which they were added, whatever their sizes. */
  readonly order?: string;
  /** Called when the frame is with the transport, and that wants more; not at all when the stream breaks before. */
  readonly onSent?: (() => void) | undefined;
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
  /** What waits for the end of a frame that it must not overtake. */
  readonly #behind = new Map<string, Outgoing<Label>[]>();
  #nextFrameId = 1;
  #isSending = false;

  constructor(sendChunk: SendChunk<Label>) {
    this.#sendChunk = sendChunk;
  }

  /** Takes the frame; it must not be changed afterwards. */
  add(frame: ArrayBuffer, label: Label, { order, onSent }: SendingOptions = {}): void {
    const bytes = frame.byteLength;
    const outgoing = { chunks: chunksOf(this.#nextFrameId++, frame), bytes, label, order, onSent };
    const before = order === undefined ? undefined : this.#behind.get(order);
    if (before !== undefined) return void before.push(outgoing);
    if (order !== undefined) this.#behind.set(order, []);
    this.#begin(outgoing);
    if (!this.#isSending) void this.#send();
  }

  #begin(outgoing: Outgoing<Label>): void {
    if (outgoing.bytes <= maxChunkBytes) this.#turns.push(outgoing);
    else this.#waiting.push(outgoing);
    this.#beginWaiting();
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

  #ended({ bytes, order }: Outgoing<Label>): void {
    if (bytes > maxChunkBytes) {
      this.#begun = { frames: this.#begun.frames - 1, bytes: this.#begun.bytes - bytes };
      this.#beginWaiting();
    }
    if (order === undefined) return;
    const next = this.#behind.get(order)?.shift();
    if (next === undefined) this.#behind.delete(order);
    else this.#begin(next);
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
        const isLast = chunk.offset + chunk.bytes.byteLength === chunk.totalBytes;
        if (isLast) this.#ended(next);
        else this.#turns.push(next);
        await this.#sendChunk(chunk, label);
        if (isLast) next.onSent?.();
      }
    } catch {
      this.#turns = [];
      this.#waiting = [];
      this.#behind.clear();
      this.#begun = { frames: 0, bytes: 0 };
    } finally {
      this.#isSending = false;
    }
  }
}
