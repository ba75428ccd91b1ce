/** A1, A2, F1: the tutorial's servable in one process against an echo of the same messages. */
import type { BenchCase } from '../case.ts';
import { servedFigures, servedSide } from '../load/served-side.ts';
import { startCluster, startEcho, startLightweight } from '../servers/servers.ts';
import { addWorkload, echoWorkload, type InFlight } from './predict-workload.ts';

/** Least share of the echo's throughput. The batched one is to become 0.85. */
const bars = { add: 0.5, addBatch: 0.6, cluster: 0.5 } as const;

const sixtyFour: InFlight = { connections: 1, streams: 64 };
const one: InFlight = { connections: 1, streams: 1 };

function addCase(
  name: string,
  title: string,
  servable: string,
  inFlight: InFlight,
  bar: number | null,
): BenchCase {
  const workload = addWorkload(servable, inFlight);
  const echo = echoWorkload(workload);
  return {
    name,
    title,
    figures: servedFigures(bar),
    ours: servedSide(servable, workload, ({ children }) => startLightweight(children, servable)),
    base: servedSide('grpc-js echo', echo, ({ children }) => startEcho(children, echo.path)),
  };
}

export const tutorialAdd = addCase(
  'A1',
  "the tutorial's `add`, method add_common, a model run per instance; 1 instance a request, 64 in flight, in one process",
  'add',
  sixtyFour,
  bars.add,
);

export const batchedAdd = addCase(
  'A2',
  'the same with `add-batch`, whose model has a batch dimension: a model run per batch',
  'add-batch',
  sixtyFour,
  bars.addBatch,
);

export const oneInFlight = addCase(
  'F1',
  "latency of the tutorial's `add` with 1 request in flight, in one process",
  'add',
  one,
  null,
);

const clusterWorkload = addWorkload('add-batch', sixtyFour);
const clusterEcho = echoWorkload(clusterWorkload);

export const clusterAdd: BenchCase = {
  name: 'C1',
  title: '`add-batch` through a master and one worker, a process each; 1 instance a request, 64 in flight',
  figures: servedFigures(bars.cluster),
  ours: servedSide('master and worker', clusterWorkload, ({ children, folder }) =>
    startCluster(children, folder, 'add-batch'),
  ),
  base: servedSide('grpc-js echo', clusterEcho, ({ children }) => startEcho(children, clusterEcho.path)),
};
