/**
 * An open loop: calls start at a fixed rate whether or not earlier ones were answered, as those of many strangers do.
 * Replies are the expected one, byte by byte, or refusals for a full queue; anything else is an error. Bounded in time and
 * count. Prints one line of JSON.
 * Usage: node open-loop.mjs '{"address":…,"path":…,"requestFile":…,"replyFile":…,"perSecond":1000,"leadInSeconds":1,"seconds":30}'
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { readRun } from '../load/run-request.mjs';

const maxErrors = 100;
/** More than a server with bounded queues leaves unanswered. */
const maxInFlight = 20_000;
const tickMs = 2;
const graceMs = 20_000;
const refusalText = Buffer.from('enqueued requests count exceeds the limit');

const { run, request, expected, headers } = readRun();

/** Counted in the measured window only: a queue fills up first. */
const counted = { started: 0, answered: 0, refusalTimes: [] };
let isMeasured = false;
let inFlight = 0;
let errors = 0;
let firstError;

function mistake(what) {
  errors++;
  firstError ??= what;
}

function take(reply, status, startedAt) {
  if (status !== 200) return mistake(`HTTP status ${status}`);
  if (reply.equals(expected)) {
    if (isMeasured) counted.answered++;
  } else if (!reply.includes(refusalText)) {
    mistake(`a reply of ${reply.length} bytes that is neither the expected one nor a refusal`);
  } else if (isMeasured) {
    counted.refusalTimes.push(performance.now() - startedAt);
  }
}

function call(session) {
  inFlight++;
  if (isMeasured) counted.started++;
  const startedAt = performance.now();
  const chunks = [];
  let status;
  let failure;
  const stream = session.request(headers);
  stream.on('response', (fields) => (status = fields[':status']));
  stream.on('data', (chunk) => chunks.push(chunk));
  stream.on('error', (error) => (failure = error.message));
  stream.on('close', () => {
    inFlight--;
    if (isOver) return;
    if (failure === undefined) take(Buffer.concat(chunks), status, startedAt);
    else mistake(failure);
  });
  stream.end(request);
}

let isOver = false;

/** Starts what is due, tick by tick. A tick that comes late starts what it missed. */
function start(session, done) {
  const begun = performance.now();
  const total = Math.floor(run.perSecond * (run.leadInSeconds + run.seconds));
  let started = 0;
  const timer = setInterval(() => {
    const elapsed = performance.now() - begun;
    isMeasured ||= elapsed >= run.leadInSeconds * 1000;
    const due = Math.min(total, Math.floor((elapsed / 1000) * run.perSecond));
    while (started < due && inFlight < maxInFlight) {
      started++;
      call(session);
    }
    if (inFlight >= maxInFlight) mistake(`${inFlight} calls are not answered`);
    if (started < total && errors < maxErrors) return;
    clearInterval(timer);
    done((elapsed - run.leadInSeconds * 1000) / 1000);
  }, tickMs);
}

// Whatever hangs, the process ends.
setTimeout(
  () => {
    console.error('the open loop did not end in time');
    process.exit(1);
  },
  (run.leadInSeconds + run.seconds) * 1000 + graceMs,
).unref();

const session = connect(`http://${run.address}`, { settings: { enablePush: false } });
session.on('error', (error) => mistake(error.message));
await once(session, 'remoteSettings');
const seconds = await new Promise((resolve) => start(session, resolve));
isOver = true;
session.destroy();
const sorted = Float64Array.from(counted.refusalTimes).toSorted();
const percentile = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;
console.log(
  JSON.stringify({
    errors,
    firstError,
    seconds,
    started: counted.started,
    answered: counted.answered,
    refused: sorted.length,
    refusalP50Ms: percentile(0.5),
    refusalP99Ms: percentile(0.99),
  }),
);
