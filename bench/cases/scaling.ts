/** G: workers that only sleep, so that they need no cores: what a master makes of many against what it makes of one. */
import { fileURLToPath } from 'node:url';
import type { BenchCase, Measurement, Side } from '../case.ts';
import { predictWorkload, type Floats } from '../load/predict-workload.ts';
import { servedSide } from '../load/served-side.ts';
import { startMasterWith } from '../servers/servers.ts';
import { sleepingBatch, sleepMs } from '../workers/sleeping-replica.ts';
import { atLeast } from './bars.ts';

const workersProgram = fileURLToPath(new URL('../workers/sleeping-workers.ts', import.meta.url));
const x: Floats = { shape: [4], elements: Float32Array.of(1, 2, 3, 4) };
/** Batches that wait or run, for each worker: one runs, and the next ones are there before it ends. */
const requestsPerWorker = 4;

/** Requests are of a whole batch each: the generator and the front end are not what is measured here. */
function workloadFor(workers: number) {
  const output = { name: 'y', ...x };
  const prediction = { servable: 'sleeping', method: 'predict', inputs: { x }, output };
  const inFlight = { connections: 1, streams: requestsPerWorker * workers };
  return { ...predictWorkload({ ...prediction, instances: sleepingBatch }, inFlight), warmUpRequests: 150 };
}

function sleepingSide(workers: number): Side {
  const name = workers === 1 ? 'one worker' : `${workers} workers`;
  const limit = ['--max-batch-size', String(sleepingBatch)];
  const side = servedSide(name, workloadFor(workers), ({ children, folder }) =>
    startMasterWith(children, folder, limit, (cluster) => ({
      program: process.execPath,
      args: ['--import', 'jiti/register', workersProgram, cluster, String(workers)],
      readyLine: /workers registered with (\S+)/,
    })),
  );
  return {
    name,
    start: async (bench) => {
      const running = await side.start(bench);
      const measure = async () => perWorker(await running.measure(), workers);
      return { warmUp: () => running.warmUp(), measure, stop: () => running.stop() };
    },
  };
}

function perWorker(measured: Measurement, workers: number): Measurement {
  return { ...measured, instances_per_second_per_worker: measured['instances_per_second']! / workers };
}

function scaling(workers: number): BenchCase {
  return {
    name: `G${workers}`,
    title: `${workers} workers that sleep ${sleepMs} ms for a batch of ${sleepingBatch}, against one; ${sleepingBatch} instances a request, ${requestsPerWorker} requests in flight for each worker`,
    seconds: 2,
    figures: [
      { name: 'cpu_us_per_request', unit: 'µs', better: 'less', bar: null },
      {
        name: 'instances_per_second_per_worker',
        unit: 'instances/s',
        better: 'more',
        bar: atLeast(0.95),
      },
    ],
    ours: sleepingSide(workers),
    base: sleepingSide(1),
  };
}

export const eightWorkers = scaling(8);
export const sixtyFourWorkers = scaling(64);
