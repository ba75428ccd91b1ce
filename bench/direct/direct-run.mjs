/**
 * A model without a server around it: `session.run` in threads, as fast as it goes, on inputs that lie ready. Tries the
 * batch sizes it is given and measures the best. Prints one line of JSON.
 * Usage: node direct-run.mjs '{"model":…,"inputs":[{"name":…,"shape":[…],"file":…}],"output":…,"hasBatch":true,"threads":2,"batches":[1,8],"probeSeconds":0.5,"seconds":4}'
 */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

// Inside a thread it would do nothing.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const { threads, batches, probeSeconds, seconds, ...model } = JSON.parse(process.argv[2]);
const program = new URL('session-loop.mjs', import.meta.url);

async function startThread() {
  const thread = new Worker(program, { workerData: model });
  const [answer] = await once(thread, 'message');
  return { thread, answer };
}

/** All threads at once, each batch after batch until the time is over. */
async function loop(batch, forSeconds) {
  const replies = workers.map(({ thread }) => once(thread, 'message'));
  for (const { thread } of workers) thread.postMessage({ batch, seconds: forSeconds }, []);
  const results = (await Promise.all(replies)).map(([result]) => result);
  const instancesPerSecond = results.reduce((sum, { runs, ran }) => sum + (runs * batch) / ran, 0);
  const instances = results.reduce((sum, { runs }) => sum + runs * batch, 0);
  return { batch, instances, instancesPerSecond, latencies: results.flatMap(({ latencies }) => latencies) };
}

async function bestBatch() {
  let best;
  for (const batch of batches) {
    const probe = await loop(batch, probeSeconds);
    if (best === undefined || probe.instancesPerSecond > best.instancesPerSecond) best = probe;
  }
  return best.batch;
}

const percentile = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];

const workers = await Promise.all(Array.from({ length: threads }, startThread));
const batch = batches.length === 1 ? batches[0] : await bestBatch();
await loop(batch, probeSeconds);
const before = process.cpuUsage();
const { latencies, ...result } = await loop(batch, seconds);
const cpu = process.cpuUsage(before);
const sorted = Float64Array.from(latencies).toSorted();
console.log(
  JSON.stringify({
    ...result,
    answer: workers[0].answer,
    cpuMicros: cpu.user + cpu.system,
    latencyP50Us: percentile(sorted, 0.5),
    latencyP99Us: percentile(sorted, 0.99),
  }),
);
for (const { thread } of workers) thread.postMessage('end', []);
