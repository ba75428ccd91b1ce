/** J: from starting the process to its first right answer, and the memory it holds idle after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchCase, Measurement, Side } from '../case.ts';
import type { Workload } from '../load/served-side.ts';
import { callOnce } from '../load/unary-call.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { startEcho, startLightweight } from '../servers/servers.ts';
import { residentMib } from '../system/process-accounting.ts';
import { addWorkload, echoWorkload } from './predict-workload.ts';

const idleMs = 1000;

/** Every run is a start of its own, so nothing runs between them. */
function startUpSide(
  name: string,
  workload: Workload,
  start: (bench: Bench) => Promise<RunningServer>,
): Side {
  return {
    name,
    start: (bench) => {
      const measure = () => startAndAsk(workload, () => start(bench));
      // The first start reads the files from disk, the others from the cache of the system.
      const warmUp = async () => void (await measure());
      return Promise.resolve({ warmUp, measure, stop: () => Promise.resolve() });
    },
  };
}

async function startAndAsk(workload: Workload, start: () => Promise<RunningServer>): Promise<Measurement> {
  const begun = performance.now();
  const server = await start();
  try {
    workload.check(await callOnce(server.address, workload.path, workload.request));
    const start_to_first_answer_ms = performance.now() - begun;
    await sleep(idleMs);
    return { start_to_first_answer_ms, idle_rss_mib: residentMib(server.pids) };
  } finally {
    await server.stop();
  }
}

const workload = addWorkload('add', { connections: 1, streams: 1 });
const echo = echoWorkload(workload);

export const startUp: BenchCase = {
  name: 'J',
  title:
    "start of the server with the tutorial's `add` to its first right answer, and its memory when idle after it",
  figures: [
    { name: 'start_to_first_answer_ms', unit: 'ms', better: 'less', bar: null },
    { name: 'idle_rss_mib', unit: 'MiB', better: 'less', bar: null },
  ],
  ours: startUpSide('add', workload, ({ children }) => startLightweight(children, 'add')),
  base: startUpSide('grpc-js echo', echo, ({ children }) => startEcho(children, echo.path)),
};
