/** H: what a master takes from a call to the chosen replica, with many servables and workers against one of each. */
import { fileURLToPath } from 'node:url';
import type { Bench, BenchCase, Measurement, Side } from '../case.ts';
import { outputOf } from '../load/child-output.ts';
import type { WorldSize } from '../routing/world.ts';
import { atMostTimes } from './bars.ts';

const program = fileURLToPath(new URL('../routing/route-calls.ts', import.meta.url));
/** What a run may take beyond its measured time: worlds of thousands of replicas, and the first calls. */
const graceMs = 120_000;

const one: WorldSize = { servables: 1, workers: 1 };
const sizes: readonly WorldSize[] = [1, 100, 1000]
  .flatMap((servables) => [1, 10, 100].map((workers) => ({ servables, workers })))
  .filter(({ servables, workers }) => servables * workers > 1);

function figureName({ servables, workers }: WorldSize): string {
  return `us_at_${servables}_servables_${workers}_workers`;
}

async function microsOf({ children, seconds }: Bench, worlds: readonly WorldSize[]): Promise<number[]> {
  const run = JSON.stringify({ seconds: seconds / worlds.length, worlds });
  const args = ['--import', 'jiti/register', program, run];
  return JSON.parse(await outputOf(children, process.execPath, args, seconds * 1000 + graceMs)) as number[];
}

/** A process for every run, which makes its worlds one after another. */
function routingSide(name: string, measureAll: (bench: Bench) => Promise<number[]>): Side {
  return {
    name,
    start: (bench) =>
      Promise.resolve({
        warmUp: () => Promise.resolve(),
        measure: async (): Promise<Measurement> => {
          const micros = await measureAll(bench);
          return Object.fromEntries(sizes.map((size, index) => [figureName(size), micros[index]]));
        },
        stop: () => Promise.resolve(),
      }),
  };
}

export const routing: BenchCase = {
  name: 'H',
  title:
    'microseconds inside a master from a call for a random servable to the chosen replica, by servables and workers; every servable is on every worker, or on as many as make 5000 replicas; heartbeats on',
  seconds: 4,
  figures: sizes.map((size) => ({
    name: figureName(size),
    unit: 'µs',
    better: 'less',
    bar: atMostTimes(1.2),
  })),
  ours: routingSide('a world of that size', (bench) => microsOf(bench, sizes)),
  base: routingSide('one servable on one worker', async (bench) => {
    const [micros] = await microsOf({ ...bench, seconds: bench.seconds / sizes.length }, [one]);
    return sizes.map(() => micros!);
  }),
};
