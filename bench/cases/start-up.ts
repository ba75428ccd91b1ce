/** J: from starting the processes to the first right answer, and the memory they hold idle after it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Bench, BenchCase, Figure, Measurement, Side } from '../case.ts';
import { addWorkload, echoWorkload } from '../load/predict-workload.ts';
import type { Workload } from '../load/served-side.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { startCluster, startEcho, startLightweight } from '../servers/servers.ts';
import { residentMib } from '../system/process-accounting.ts';

const idleMs = 1000;

type Start = (bench: Bench) => Promise<RunningServer>;

/** Every run is a start of its own, so nothing runs between them. */
function startUpSide(name: string, workload: Workload, start: Start): Side {
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
    workload.check(await workload.wire.call(server.address, workload.path, workload.request));
    const start_to_first_answer_ms = performance.now() - begun;
    await sleep(idleMs);
    const [first, second] = server.pids.map((pid) => residentMib([pid]));
    return {
      start_to_first_answer_ms,
      idle_rss_mib: residentMib(server.pids),
      idle_rss_master_mib: first,
      idle_rss_worker_mib: second,
    };
  } finally {
    await server.stop();
  }
}

const workload = addWorkload('add', { connections: 1, streams: 1 });
const echo = echoWorkload(workload);

function startUpCase(
  parts: Pick<BenchCase, 'name' | 'title'> & { readonly memory: readonly string[] },
  ours: Side,
): BenchCase {
  const { name, title, memory } = parts;
  const memoryFigure = (figure: string): Figure => ({
    name: figure,
    unit: 'MiB',
    better: 'less',
    bar: null,
  });
  return {
    name,
    title,
    seconds: 1,
    figures: [
      { name: 'start_to_first_answer_ms', unit: 'ms', better: 'less', bar: null },
      ...memory.map(memoryFigure),
    ],
    ours,
    base: startUpSide('grpc-js echo', echo, ({ children }) => startEcho(children, echo.path)),
  };
}

export const startUp = startUpCase(
  {
    name: 'J1',
    title:
      "start of the tutorial's `add` in one process to its first right answer, and its memory when idle after it; a run is a start",
    memory: ['idle_rss_mib'],
  },
  startUpSide('one process', workload, ({ children }) => startLightweight(children, { servable: 'add' })),
);

export const clusterStartUp = startUpCase(
  {
    name: 'J2',
    title: 'the same with a master and a worker, a process each, started one after another',
    memory: ['idle_rss_master_mib', 'idle_rss_worker_mib'],
  },
  startUpSide('master and worker', workload, ({ children, folder }) =>
    startCluster(children, folder, { servable: 'add' }),
  ),
);
