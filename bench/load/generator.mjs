/**
 * A load generator on Node's own HTTP: N calls in flight on each of C connections until the time is over, every reply
 * checked byte by byte. Bounded in time and count. Prints one line of JSON.
 * Usage: node generator.mjs '{"address":…,"transport":"grpc","headers":{…},"path":…,"requestFile":…,"replyFile":…,"connections":1,"streams":64,"seconds":4}'
 */
import { grpcCaller, httpCaller } from './callers.mjs';
import { readRun } from './run-request.mjs';

const maxRequests = 5_000_000;
const maxErrors = 100;
/** What answers may take beyond the time. */
const graceMs = 10_000;

const { run, request, expected, headers } = readRun();

const latencies = [];
let started = 0;
let errors = 0;
let firstError;

function mistake(what) {
  errors++;
  firstError ??= what;
}

const caller = run.transport === 'grpc' ? grpcCaller : httpCaller;

/** One call; resolves when it has ended, well or not. */
async function call(connection) {
  const begun = performance.now();
  const fault = await connection.call();
  if (fault === undefined) latencies.push((performance.now() - begun) * 1000);
  else mistake(fault);
}

/** Whether the run goes on: it is bounded in time, in count, and by what has gone wrong. */
function goesOn(connection, end) {
  return performance.now() < end && started < maxRequests && errors < maxErrors && !connection.isBroken();
}

/** Calls one after another until the time is over. */
async function lane(connection, end) {
  while (goesOn(connection, end)) {
    started++;
    await call(connection);
  }
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

const open = () => caller({ run, request, expected, headers, onBreak: mistake });
const connections = await Promise.all(Array.from({ length: run.connections }, open));
const cpuBefore = process.cpuUsage();
const begun = performance.now();
const end = begun + run.seconds * 1000;
await Promise.all(
  connections.flatMap((connection) => Array.from({ length: run.streams }, () => lane(connection, end))),
);
const seconds = (performance.now() - begun) / 1000;
const cpu = process.cpuUsage(cpuBefore);
for (const connection of connections) connection.close();
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
