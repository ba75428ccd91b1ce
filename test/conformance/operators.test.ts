/** Every operator gives the same bits through a server as in onnxruntime alone, whichever way it is served. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startMaster, startWorker } from '../support/processes.js';
import { servables } from '../support/servables.js';
import { runDirectly, runInReplicas, type Outcomes } from './child-runs.js';
import { casesOf, families, figuresOf, servableNames } from './families.js';
import { inferAll } from './infer.js';
import { differenceOf } from './outcome.js';
import { servableOf } from './servable.js';

/** One core and so one thread in a run, as in the run that it is compared with. */
const oneCore = ['--executors', '1', '--cores', '1'];

type Ask = (family: string) => Promise<Outcomes>;

/** Ways to serve: each starts one, and gives how to ask it. */
const targets: Readonly<Record<string, (directory: string) => Promise<Ask>>> = {
  'a server process': async (directory) => {
    const master = await startMaster([
      '--servable',
      servableNames.join(),
      '--directory',
      directory,
      ...oneCore,
    ]);
    return (family) => inferAll(master, family);
  },
  'replicas of the library': async (directory) => {
    const outcomes = await runInReplicas(directory);
    return () => Promise.resolve(outcomes);
  },
  'a cluster': async (directory) => {
    const master = await startMaster(['--master', '0']);
    await Promise.all(
      servableNames.map((name) =>
        startWorker(master, ['--servable', name, '--directory', directory, ...oneCore]),
      ),
    );
    return (family) => inferAll(master, family);
  },
};

let expected: Outcomes;
const asks = new Map<string, Ask>();
beforeAll(async () => {
  const directory = servables(
    Object.fromEntries(servableNames.map((name) => [name, servableOf(casesOf(name))])),
  );
  expected = await runDirectly();
  // One after another: a test beside this one wants a core too.
  for (const [name, start] of Object.entries(targets)) asks.set(name, await start(directory));
}, 180_000);

const figures = figuresOf(servableNames.flatMap(casesOf));

describe.each(Object.keys(targets))('%s', (target) => {
  test.each(Object.keys(families))('%s', async (family) => {
    const outcomes = await asks.get(target)!(family);
    const differing = families[family]!.cases.flatMap(
      ({ name }) => differenceOf(expected.get(name)!, outcomes.get(name)) ?? [],
    );
    expect(differing).toEqual([]);
  });

  afterAll(() => {
    const { operators, pairs, cases } = figures;
    process.stdout.write(
      `${target}: ${operators} operators, ${pairs} pairs of operator and type, ${cases} cases\n`,
    );
  });
});

test('there is a hundred operators and more, and every case has a name and a file of its own', () => {
  expect(figures.operators).toBeGreaterThanOrEqual(100);
  const names = servableNames.flatMap(casesOf).map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
