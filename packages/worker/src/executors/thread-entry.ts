/** An executor thread: loads the servable, then runs one batch after another. Models run here and nowhere else. */
import { parentPort, workerData } from 'node:worker_threads';
import {
  decodeBatch,
  encodeReply,
  failure,
  ServingError,
  type BatchReply,
  type Reply,
} from '@serving/common';
import { executeBatch } from '../execution/execute-batch.js';
import { loadServable, type LoadedServable } from '../servables/load-servable.js';
import { ThreadControlView } from './control-word.js';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.js';

const port = parentPort!;
const { load, control: shared } = workerData as ThreadStart;
const control = new ThreadControlView(shared);
/** The batch in progress, if any. */
let running: Promise<void> = Promise.resolve();

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function start(): Promise<void> {
  try {
    const servable = await loadServable(load, control);
    port.on('message', (message: ToThread) => {
      if (message.kind === 'batch') running = runBatch(servable, message.batchId, message.frame);
      else void stop(servable);
    });
    post({ kind: 'ready', signatures: servable.signatures });
  } catch (thrown) {
    const error = ServingError.from(thrown);
    const cause = error.cause instanceof Error ? error.cause : error;
    post({ kind: 'load-failed', code: error.code, message: error.message, stack: cause.stack });
  }
}

async function runBatch(servable: LoadedServable, batchId: number, frame: ArrayBuffer): Promise<void> {
  const replies = await repliesTo(servable, batchId, frame);
  const frames = encodeReplies(batchId, replies);
  const answered = replies.reduce((sum, { reply }) => sum + reply.count, 0);
  post({ kind: 'done', batchId, frames, answered }, frames);
}

/** Outputs can be too large for a buffer; the thread must not end for that. */
function encodeReplies(batchId: number, replies: readonly BatchReply[]): ArrayBuffer[] {
  try {
    return replies.map(encodeReply);
  } catch (thrown) {
    const error = ServingError.from(thrown);
    reportFault(error);
    return replies.map(({ reply }) =>
      encodeReply({ batchId, reply: failure(reply.first, reply.count, error), durations: [] }),
    );
  }
}

async function repliesTo(
  servable: LoadedServable,
  batchId: number,
  frame: ArrayBuffer,
): Promise<BatchReply[]> {
  try {
    const batch = decodeBatch(frame);
    const { replies, durations } = await executeBatch(servable, batch, control.isCancelled);
    reportFaults(replies);
    return replies.map((reply, index) => ({ batchId, reply, durations: index === 0 ? durations : [] }));
  } catch (thrown) {
    const error = ServingError.from(thrown);
    reportFault(error);
    // The batch's size is unknown here; the main thread answers whatever it did not see answered.
    return [{ batchId, reply: failure(0, 0, error), durations: [] }];
  }
}

function reportFaults(replies: readonly Reply[]): void {
  for (const { outcome } of replies) if (!outcome.ok) reportFault(outcome.error);
}

function reportFault(error: ServingError): void {
  if (error.errorId !== undefined)
    post({ kind: 'fault', errorId: error.errorId, cause: causeText(error.cause) });
}

function causeText(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

async function stop(servable: LoadedServable): Promise<void> {
  await running;
  for (const model of servable.models.values()) await model.session.release();
  port.close();
}

await start();
