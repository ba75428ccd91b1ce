/** I: ten times more calls than a stage can take. */
import type { BenchCase, Side } from '../case.ts';
import { predictWorkload, type Floats } from '../load/predict-workload.ts';
import { overloadSide } from '../overload/overload-side.ts';
import { napMs } from '../servables/naps/nap-ms.ts';
import { startLightweight } from '../servers/servers.ts';
import { atLeast, atMost } from './bars.ts';

const capacityPerSecond = 1000 / napMs;
const callsPerSecond = 10 * capacityPerSecond;

const options = ['--executors', '1', '--max-batch-size', '10', '--max-queue-instances', '100'];
const x: Floats = { shape: [4], elements: Float32Array.of(1, 2, 3, 4) };

const ours = overloadSide('one process', {
  workload: predictWorkload(
    { servable: 'naps', method: 'nap', inputs: { x }, output: { name: 'y', ...x } },
    { connections: 1, streams: 1 },
  ),
  callsPerSecond,
  start: ({ children }) =>
    startLightweight(children, { servable: 'naps', directory: 'bench/servables', options }),
});

const capacity: Side = {
  name: "the stage's capacity",
  start: () =>
    Promise.resolve({
      warmUp: () => Promise.resolve(),
      measure: () => Promise.resolve({ goodput_per_second: capacityPerSecond }),
      stop: () => Promise.resolve(),
    }),
};

export const overload: BenchCase = {
  name: 'I',
  title: `a stage that sleeps ${napMs} ms an instance on one executor, with ${callsPerSecond} calls a second started whatever comes back; queue of 100, batches of 10`,
  seconds: 30,
  figures: [
    { name: 'goodput_per_second', unit: 'requests/s', better: 'more', bar: atLeast(0.95) },
    { name: 'refusal_p50_ms', unit: 'ms', better: 'less', bar: null },
    { name: 'refusal_p99_ms', unit: 'ms', better: 'less', bar: atMost(10) },
    { name: 'calls_per_second', unit: 'calls/s', better: 'more', bar: null },
    { name: 'rss_growth_mib', unit: 'MiB', better: 'less', bar: atMost(64) },
    { name: 'rss_most_mib', unit: 'MiB', better: 'less', bar: null },
  ],
  ours,
  base: capacity,
};
