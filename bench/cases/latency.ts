/** F: latency with one request in flight, against the model alone, and of a cluster against one process. */
import { fileURLToPath } from 'node:url';
import type { BenchCase } from '../case.ts';
import { directSide } from '../direct/direct-side.ts';
import { addWorkload, type Floats } from '../load/predict-workload.ts';
import { latencyFigures, servedFigures, servedSide } from '../load/served-side.ts';
import { repository } from '../servers/child-processes.ts';
import { startCluster, startLightweight } from '../servers/servers.ts';
import { atMostAboveBase } from './bars.ts';

const workload = addWorkload('add', { connections: 1, streams: 1 });
const x: Floats = { shape: [2, 2], elements: Float32Array.of(1, 2, 3, 4) };

const oneProcess = servedSide('one process', workload, ({ children }) =>
  startLightweight(children, { servable: 'add' }),
);
const cluster = servedSide('master and worker', workload, ({ children, folder }) =>
  startCluster(children, folder, { servable: 'add' }),
);
const direct = directSide(
  'direct run, one thread',
  () => ({
    file: fileURLToPath(new URL('examples/add/add/1/tensor_add.onnx', repository)),
    inputs: { x1: x, x2: x },
    output: 'y',
    hasBatch: false,
  }),
  { threads: 1, batches: [1] },
);

export const oneProcessLatency: BenchCase = {
  name: 'F1',
  title: "latency of the tutorial's `add` with 1 request in flight, in one process",
  seconds: 2,
  figures: [{ name: 'cpu_us_per_instance', unit: 'µs', better: 'less', bar: null }, ...latencyFigures(null)],
  ours: oneProcess,
  base: direct,
};

export const clusterLatency: BenchCase = {
  name: 'F2',
  title: 'the same through a master and one worker, a process each',
  seconds: 2,
  figures: servedFigures(null, atMostAboveBase(500)),
  ours: cluster,
  base: oneProcess,
};
