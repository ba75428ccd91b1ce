/**
 * A load generator on node:http2: N calls in flight on each of C connections until the time is over, every reply
 * checked byte by byte. Bounded in time and count. Prints one line of JSON.
 * Usage: node generator.mjs '{"address":…,"path":…,"requestFile":…,"replyFile":…,"connections":1,"streams":64,"seconds":4}'
 */
import { once } from 'node:events';
import { connect } from 'node:http2';
import { readRun } from './run-request.mjs';

const maxRequests = 5_000_000;
const maxErrors = 100;
/** What answers may take beyond the time. */
const graceMs = 10_000;
const windowBytes = 2 ** 24;

const { run, request, expected, headers } = readRun();

const latencies = [];
let started = 0;
let errors = 0;
let firstError;

function mistake(what) {
  errors++;
  firstError ??= what;
}

/** Why the reply is not the expected one, or undefined. */
function faultOf({ httpStatus, grpcStatus, grpcMessage, chunks }) {
  if (httpStatus !== 200) return `HTTP status ${httpStatus}`;
  if (grpcStatus !== '0') return `grpc-status ${grpcStatus} ${grpcMessage ?? ''}`;
  const bytes = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
  return bytes.equals(expected) ? undefined : `a reply of ${bytes.length} bytes that is not the expected one`;
}

/** One call; resolves when it has ended, well or not. */
function call(session) {
  return new Promise((resolve) => {
    const begun = performance.now();
    const answer = { chunks: [] };
    const readStatus = (fields) => {
      if (fields['grpc-status'] === undefined) return;
      answer.grpcStatus = fields['grpc-status'];
      answer.grpcMessage = fields['grpc-message'];
    };
    let failure;
    const stream = session.request(headers);
    stream.on('response', (fields) => {
      answer.httpStatus = fields[':status'];
      readStatus(fields);
    });
    stream.on('trailers', readStatus);
    stream.on('data', (chunk) => answer.chunks.push(chunk));
    stream.on('error', (error) => (failure = error.message));
    stream.on('close', () => {
      const fault = failure ?? faultOf(answer);
      if (fault === undefined) latencies.push((performance.now() - begun) * 1000);
      else mistake(fault);
      resolve();
    });
    stream.end(request);
  });
}

/** Whether the run goes on: it is bounded in time, in count, and by what has gone wrong. */
function goesOn(session, end) {
  return performance.now() < end && started < maxRequests && errors < maxErrors && !session.destroyed;
}

/** Calls one after another until the time is over. */
async function lane(session, end) {
  while (goesOn(session, end)) {
    started++;
    await call(session);
  }
}

async function open() {
  const session = connect(`http://${run.address}`, {
    settings: { initialWindowSize: windowBytes, enablePush: false },
  });
  session.on('error', (error) => mistake(error.message));
  await once(session, 'remoteSettings');
  session.setLocalWindowSize(windowBytes);
  return session;
}

const percentile = (sorted, share) =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? null;

// Whatever hangs, the process ends.
setTimeout(
  () => {
    console.error('calls were not answered in time');
    process.exit(1);
  },
  run.seconds * 1000 + graceMs,
).unref();

const sessions = await Promise.all(Array.from({ length: run.connections }, open));
const cpuBefore = process.cpuUsage();
const begun = performance.now();
const end = begun + run.seconds * 1000;
await Promise.all(
  sessions.flatMap((session) => Array.from({ length: run.streams }, () => lane(session, end))),
);
const seconds = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
for (const session of sessions) session.close();
const sorted = Float64Array.from(latencies).toSorted();
console.log(
  JSON.stringify({
    requests: sorted.length,
    errors,
    firstError,
    requestsPerSecond: sorted.length / seconds,
    latencyP50Us: percentile(sorted, 0.5),
    latencyP99Us: percentile(sorted, 0.99),
    cpuMicros: cpu.user + cpu.system,
  }),
);
