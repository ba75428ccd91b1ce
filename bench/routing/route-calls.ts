/**
 * What a master takes from a call to the replica it is sent to, in microseconds: calls one after another, each for a random
 * servable, in worlds of several sizes. Prints one line of JSON: the median for each world.
 * Usage: node --import jiti/register route-calls.ts '{"seconds":1,"worlds":[{"servables":1,"workers":1}]}'
 */
import { Block, Deadline, numericColumn } from '@serving/common';
import type { PredictEndpoint } from '../../packages/master/dist/frontend/predict-endpoint.js';
import { createWorld, method, servableName, type Moments, type WorldSize } from './world.ts';

const { seconds, worlds } = JSON.parse(process.argv[2]!) as { seconds: number; worlds: WorldSize[] };
const warmUpCalls = 20_000;
const leastCalls = 1000;

const block = new Block(1, [numericColumn('x', 'float32', [4], [new Uint8Array(16)])]);
const parts = [{ first: 0, block }];
const signal = { aborted: false, onAbort: () => undefined };

/** The last moments of each kind, in milliseconds. */
class Stopwatch implements Moments {
  resumedAt = 0;
  sentAt = 0;

  resumed(): void {
    this.resumedAt = performance.now();
  }

  sent(): void {
    this.sentAt = performance.now();
  }
}

/** One call to its end; gives its microseconds, without the wait for the round of I/O to be over. */
async function callOnce(endpoint: PredictEndpoint, servable: string, watch: Stopwatch): Promise<number> {
  const begun = performance.now();
  const route = endpoint.route({ servable, method: method.name, version: 0n });
  const outcomes = endpoint.predict({
    route,
    count: 1,
    parts,
    refused: [],
    retainedBytes: 16,
    deadline: Deadline.none,
    signal,
    priority: undefined,
    traceparent: '',
  });
  const waiting = performance.now();
  const [only] = await outcomes;
  if (only?.outcome.ok !== true) throw new Error(`${servable} gave no output`);
  return (waiting - begun + watch.sentAt - watch.resumedAt) * 1000;
}

/** Numbers below `limit`, the same ones in every run. */
function* randomBelow(limit: number): Generator<number, never> {
  for (let state = 1; ;) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    yield Math.floor((state / 2 ** 32) * limit);
  }
}

async function medianMicros(size: WorldSize): Promise<number> {
  const watch = new Stopwatch();
  const endpoint = createWorld(size, watch);
  const random = randomBelow(size.servables);
  const call = () => callOnce(endpoint, servableName(random.next().value), watch);
  for (let i = 0; i < warmUpCalls; i++) await call();
  const micros: number[] = [];
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end || micros.length < leastCalls) micros.push(await call());
  return Float64Array.from(micros).toSorted()[micros.length >> 1]!;
}

const results: number[] = [];
for (const size of worlds) results.push(await medianMicros(size));
console.log(JSON.stringify(results));
