/** Chunks of frames as the link carries them, and frames put together from them again. */
import { FrameAssembler, type Chunk } from '../frame/chunk.js';
import { invalidFrame } from '../frame/frame-buffer.js';
import type { FrameChunk } from '../gen/serving/link/v1/link.js';
import { maxPartialFrameBytes, maxPartialFrames } from './protocol.js';

/** What a frame's first chunk says of it. */
export interface FrameLabel {
  readonly replicaId: string;
  readonly batchId: number;
  /** Of a batch; empty and 0 for a reply, as are those that follow. */
  readonly method: string;
  readonly count: number;
  readonly creditId: number;
}

const noLabel: FrameLabel = { replicaId: '', batchId: 0, method: '', count: 0, creditId: 0 };

export function chunkToWire({ frameId, totalBytes, offset, bytes }: Chunk, label = noLabel): FrameChunk {
  const { replicaId, batchId, method, count, creditId } = label;
  // Read only; the generated type knows no views of shared memory, and there are none.
  return { frameId, totalBytes, offset, data: bytes, replicaId, batchId, method, count, creditId };
}

export interface LabelledFrame {
  readonly label: FrameLabel;
  readonly frame: ArrayBuffer;
}

/** Puts the frames of one stream together. */
export class FrameInbox {
  readonly #assembler = new FrameAssembler(maxPartialFrameBytes, maxPartialFrames);
  readonly #labels = new Map<number, FrameLabel>();

  /** Whether a frame of this batch has begun and is not whole yet. */
  isIncomplete(replicaId: string, batchId: number): boolean {
    for (const label of this.#labels.values())
      if (label.replicaId === replicaId && label.batchId === batchId) return true;
    return false;
  }

  /** The whole frame once its last chunk is in. @throws ServingError FRAME_INVALID */
  add(chunk: FrameChunk): LabelledFrame | undefined {
    const { frameId, totalBytes, offset, data } = chunk;
    if (offset === 0 && chunk.replicaId === '') throw invalidFrame(`frame ${frameId} names no replica`);
    const label = offset === 0 ? labelOf(chunk) : this.#labels.get(frameId);
    const frame = this.#assembler.add({ frameId, totalBytes, offset, bytes: data });
    if (label === undefined) throw invalidFrame(`frame ${frameId} begins in the middle`);
    if (frame === undefined) {
      this.#labels.set(frameId, label);
      return undefined;
    }
    this.#labels.delete(frameId);
    return { label, frame };
  }
}

function labelOf({ replicaId, batchId, method, count, creditId }: FrameChunk): FrameLabel {
  return { replicaId, batchId, method, count, creditId };
}
