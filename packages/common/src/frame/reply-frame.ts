/** The frame that carries the outcome of a range of a batch's instances back to the master. */
import type { BlockRange } from '../block/block.js';
import { isErrorCode } from '../errors/error-codes.js';
import { ServingError } from '../errors/serving-error.js';
import { ReplyHeader, type StageDuration } from '../gen/serving/link/v1/frame.js';
import type { Reply } from '../reply/reply-sink.js';
import { allocateFrame, invalidFrame, openFrame } from './frame-buffer.js';
import { planSections, readSection, writeSections } from './section.js';

export type { StageDuration };

/** A reply with the batch it answers and what the batch's stages took. */
export interface BatchReply {
  readonly batchId: number;
  readonly reply: Reply;
  /** Microseconds per stage for the whole batch; on one reply of a batch, empty on the others. */
  readonly durations: readonly StageDuration[];
}

export function encodeReply({ batchId, reply, durations }: BatchReply): ArrayBuffer {
  const { first, count, sequence, last, outcome } = reply;
  const ranges: readonly BlockRange[] = outcome.ok ? [outcome.outputs] : [];
  const { planned, dataBytes } = planSections(ranges);
  const header = ReplyHeader.encode({
    batchId,
    first,
    count,
    sequence,
    last,
    section: planned[0]?.section,
    failure: outcome.ok ? undefined : { code: outcome.error.code, message: outcome.error.message },
    // A fraction, as performance.now() gives, would make the encoder throw.
    durations: durations.map(({ stage, micros, model }) => ({ stage, micros: Math.round(micros), model })),
  }).finish();
  const { frame, data } = allocateFrame(header, dataBytes);
  writeSections(planned, data);
  return frame;
}

/** @throws ServingError FRAME_INVALID */
export function decodeReply(frame: ArrayBuffer): BatchReply {
  const { header, data } = openFrame(frame);
  const decoded = decodeHeader(header);
  const { batchId, first, count, sequence, last, durations } = decoded;
  return { batchId, durations, reply: { first, count, sequence, last, outcome: readOutcome(decoded, data) } };
}

function readOutcome({ section, failure, count }: ReplyHeader, data: Uint8Array): Reply['outcome'] {
  if (section !== undefined && failure !== undefined) {
    throw invalidFrame('a reply has both outputs and a failure');
  }
  if (failure !== undefined) {
    const code = isErrorCode(failure.code) ? failure.code : 'INTERNAL';
    return { ok: false, error: new ServingError(code, failure.message) };
  }
  if (section === undefined) throw invalidFrame('a reply has neither outputs nor a failure');
  const block = readSection(section, data);
  if (block.count !== count) throw invalidFrame(`a reply for ${count} instances has ${block.count}`);
  return { ok: true, outputs: block.all() };
}

function decodeHeader(header: Uint8Array): ReplyHeader {
  try {
    return ReplyHeader.decode(header);
  } catch (error) {
    throw invalidFrame(`header: ${String(error)}`);
  }
}
