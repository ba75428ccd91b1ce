/** An executor thread: loads the servable, then runs one batch after another. Models run here and nowhere else. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import {
  decodeBatch,
  encodeReply,
  failure,
  ServingError,
  stackOf,
  stackOrLine,
  type BatchContents,
  type BatchReply,
  type Reply,
} from '@serving/common';
import { executeBatch } from '../execution/execute-batch.js';
import { loadServable, type LoadedServable } from '../servables/load-servable.js';
import type { InstanceRange } from './batch-work.js';
import { replyWeight, ThreadControlView } from './control-word.js';
import { strayRejections } from './stray-rejections.js';
import type { FromThread, ThreadStart, ToThread } from './thread-messages.js';

const port = parentPort!;
const { load, control: shared, executionTimeoutMs, reportsThrown } = workerData as ThreadStart;
const control = new ThreadControlView(shared);
const { isCancelled, progress, workOn } = control;
const now = () => performance.now();
const batchControl = { isCancelled, progress, workOn, now, timeoutMs: executionTimeoutMs };
/** The batch in progress, if any. */
let running: Promise<void> = Promise.resolve();
/** Of a batch's failures that many are reported in full. */
const mostThrown = 10;
/** How many of the running batch were. */
let thrownReported = 0;
let runningId: number | undefined;
/** Instances of the running batch that nobody waits for any more. */
let cancelled: InstanceRange[] = [];
/** Of the messages that concern the running batch, those that have been looked for. */
let looked = 0;
let receive: (message: ToThread) => void = () => undefined;

const reportStray = strayRejections(({ thrown, ...stray }) => {
  post({ kind: 'stray', ...stray, stack: stackOrLine(thrown) });
}, now);

/** A stage that runs one instance after another without a pause would not be told in time. */
function takeCancelled(): InstanceRange | undefined {
  const { posted } = control;
  if (looked !== posted) {
    looked = posted;
    for (let next = receiveMessageOnPort(port); next !== undefined; next = receiveMessageOnPort(port)) {
      const message = next.message as ToThread;
      // Anything else has its turn when it would have had it.
      if (message.kind === 'cancel') receive(message);
      else setImmediate(receive, message);
    }
  }
  return cancelled.shift();
}

function post(message: FromThread, transfer: ArrayBuffer[] = []): void {
  port.postMessage(message, transfer);
}

async function start(): Promise<void> {
  try {
    const servable = await loadServable(load, control);
    receive = (message) => {
      if (message.kind === 'batch') running = runBatch(servable, message).catch(endThread);
      else if (message.kind === 'stop') stop(servable).catch(endThread);
      else if (message.batchId === runningId) cancelled.push(message.instances);
    };
    port.on('message', receive);
    process.on('unhandledRejection', reportStray);
    post({ kind: 'ready', signatures: servable.signatures, origin: servable.origin });
  } catch (thrown) {
    const error = ServingError.from(thrown);
    const stack = stackOf(error.cause) ?? error.stack;
    post({ kind: 'load-failed', code: error.code, message: error.message, stack });
  }
}

/** A fault of our own, which no promise of an author must be taken for. */
function endThread(thrown: unknown): void {
  setImmediate(() => {
    throw thrown;
  });
}

async function runBatch(
  servable: LoadedServable,
  { batchId, frame, waitedMs }: Extract<ToThread, { kind: 'batch' }>,
): Promise<void> {
  control.begin();
  const arrivedAt = now() - waitedMs;
  runningId = batchId;
  cancelled = [];
  const batch = readBatch(frame);
  if (batch instanceof ServingError) {
    // Its size is unknown here; the main thread answers its instances.
    const { code, message } = batch;
    return post({ kind: 'done', batchId, frames: [], answered: 0, isWhole: false, error: { code, message } });
  }
  thrownReported = 0;
  let answered = 0;
  let sent = 0;
  const hasRoom = () => control.hasRoom(sent);
  const emit = (reply: Reply) => {
    const early = encodeReply({ batchId, reply, durations: [] });
    sent += replyWeight(early.byteLength);
    if (reply.last) {
      answered += reply.count;
      reportFaults(batch, [reply]);
    }
    post({ kind: 'reply', batchId, frame: early }, [early]);
  };
  const { replies, durations, isWhole } = await executeBatch(servable, batch, {
    ...batchControl,
    arrivedAt,
    emit,
    hasRoom,
    takeCancelled,
  });
  reportFaults(batch, replies);
  const frames = replies.map((reply, index) =>
    encode({ batchId, reply, durations: index === 0 ? durations : [] }),
  );
  for (const { count } of replies) answered += count;
  post({ kind: 'done', batchId, frames, answered, isWhole }, frames);
}

function readBatch(frame: ArrayBuffer): BatchContents | ServingError {
  try {
    return decodeBatch(frame);
  } catch (thrown) {
    return reportedError(thrown);
  }
}

/** Outputs can be too large for a buffer; the thread must not end for that, nor other instances' outputs be lost. */
function encode({ batchId, reply, durations }: BatchReply): ArrayBuffer {
  try {
    return encodeReply({ batchId, reply, durations });
  } catch (thrown) {
    const { first, count } = reply;
    return encodeReply({ batchId, reply: failure(first, count, reportedError(thrown)), durations });
  }
}

function reportedError(thrown: unknown): ServingError {
  const error = ServingError.from(thrown);
  reportFault(error);
  return error;
}

function reportFaults({ batchId, method }: BatchContents, replies: readonly Reply[]): void {
  for (const { outcome } of replies) {
    if (outcome.ok) continue;
    const { error } = outcome;
    reportFault(error);
    if (!reportsThrown || error.errorId !== undefined || error.cause === undefined) continue;
    if (thrownReported++ < mostThrown)
      post({ kind: 'thrown', batchId, method, message: error.message, stack: stackOrLine(error.cause) });
  }
}

function reportFault(error: ServingError): void {
  if (error.errorId !== undefined)
    post({ kind: 'fault', errorId: error.errorId, cause: stackOrLine(error.cause) });
}

async function stop(servable: LoadedServable): Promise<void> {
  await running;
  for (const { graphs } of servable.models.values())
    for (const { session } of graphs) await session.release();
  port.close();
}

await start();
