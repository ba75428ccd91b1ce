/** The frame that carries a batch from the master to an executor, in this process or another. */
import type { Block, BlockRange } from '../block/block.js';
import { BatchHeader, type CallRange } from '../gen/serving/link/v1/frame.js';
import { allocateFrame, invalidFrame, openFrame } from './frame-buffer.js';
import { planSections, readSection, writeSections } from './section.js';

export type { CallRange };

export interface BatchDescription {
  /** Unique among the batches in flight on one link. */
  readonly batchId: number;
  readonly servable: string;
  readonly version: number;
  readonly method: string;
  /** Whose instances these are, in order. */
  readonly calls: readonly CallRange[];
}

export interface BatchContents extends BatchDescription {
  /** Number of instances. */
  readonly count: number;
  /** The instances in order: one block a section. */
  readonly sections: readonly Block[];
}

/** Writes the batch into a buffer of its own, columns 16-byte aligned, so that it can be transferred to a thread. */
export function encodeBatch(batch: BatchDescription, ranges: readonly BlockRange[]): ArrayBuffer {
  const { planned, dataBytes } = planSections(ranges);
  const header = BatchHeader.encode({
    batchId: batch.batchId,
    servable: batch.servable,
    version: batch.version,
    method: batch.method,
    calls: batch.calls.map(withWritableTime),
    sections: planned.map((plan) => plan.section),
  }).finish();
  const { frame, data } = allocateFrame(header, dataBytes);
  writeSections(planned, data);
  return frame;
}

/** A deadline in fifty days is as good as one in a hundred, but only the former fits its field. */
function withWritableTime(call: CallRange): CallRange {
  const { remainingMs } = call;
  return remainingMs === undefined || remainingMs < 2 ** 32 ? call : { ...call, remainingMs: 2 ** 32 - 1 };
}

/** @throws ServingError FRAME_INVALID */
export function decodeBatch(frame: ArrayBuffer): BatchContents {
  const { header, data } = openFrame(frame);
  const decoded = decodeHeader(header);
  const sections = decoded.sections.map((section) => readSection(section, data));
  const count = sections.reduce((sum, section) => sum + section.count, 0);
  const owned = decoded.calls.reduce((sum, call) => sum + call.count, 0);
  if (owned !== count) throw invalidFrame(`expected calls for ${count} instances, given ${owned}`);
  return { ...decoded, count, sections };
}

function decodeHeader(header: Uint8Array): BatchHeader {
  try {
    return BatchHeader.decode(header);
  } catch (error) {
    throw invalidFrame(`header: ${String(error)}`);
  }
}
