/** A1, A2, B: the tutorial's servable against an echo of the same messages. */
import type { Bench, BenchCase } from '../case.ts';
import { addWorkload, echoWorkload } from '../load/predict-workload.ts';
import { servedFigures, servedSide } from '../load/served-side.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { startCluster, startEcho, startLightweight } from '../servers/servers.ts';
import { atLeast } from './bars.ts';

interface AddCase {
  readonly name: string;
  readonly title: string;
  readonly servable: string;
  readonly start: (bench: Bench) => Promise<RunningServer>;
  readonly side: string;
  readonly leastRatio: number;
}

function addCase({ name, title, servable, start, side, leastRatio }: AddCase): BenchCase {
  const workload = addWorkload(servable, { connections: 1, streams: 64 });
  const echo = echoWorkload(workload);
  return {
    name,
    title,
    seconds: 4,
    figures: servedFigures(atLeast(leastRatio)),
    ours: servedSide(side, workload, start),
    base: servedSide('grpc-js echo', echo, ({ children }) => startEcho(children, echo.path)),
  };
}

export const tutorialAdd = addCase({
  name: 'A1',
  title:
    "the tutorial's `add`, method add_common, a model run per instance; 1 instance a request, 64 in flight, in one process",
  servable: 'add',
  start: ({ children }) => startLightweight(children, { servable: 'add' }),
  side: 'one process',
  leastRatio: 0.5,
});

export const batchedAdd = addCase({
  name: 'A2',
  title: 'the same with `add-batch`, whose model has a batch dimension: a model run per batch',
  servable: 'add-batch',
  start: ({ children }) => startLightweight(children, { servable: 'add-batch' }),
  side: 'one process',
  leastRatio: 0.85,
});

export const clusterAdd = addCase({
  name: 'B',
  title: '`add-batch` through a master and one worker, a process each; 1 instance a request, 64 in flight',
  servable: 'add-batch',
  start: ({ children, folder }) => startCluster(children, folder, { servable: 'add-batch' }),
  side: 'master and worker',
  leastRatio: 0.5,
});
