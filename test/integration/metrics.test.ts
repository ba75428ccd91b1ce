/** /metrics of a real master while it works: under load, when workers die and come back, and after its end. */
import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { eventually } from '../support/eventually.js';
import { Exposition } from '../support/exposition.js';
import { startMaster, startProgram, startWorker, type Master } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { folderWith } from '../support/temporary-folder.js';
import { VerifyingLoop } from '../support/verifying-loop.js';

const directory = () =>
  servables({
    s: functionServable(`
registerMethod('double', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (x) => {
  await new Promise((resolve) => setTimeout(resolve, 2));
  return new Tensor('float32', [], Float32Array.of(2 * x.data[0]));
}, [x]));`),
  });

const ofMethod = { servable: 's', version: '1', method: 'double' };

/** Scrapes without a break until it is stopped, and sees to it that what counts only grows. */
class Scraper {
  readonly #url: string;
  readonly #ended: Promise<void>;
  #isStopping = false;
  #counts = new Map<string, number>();
  scrapes = 0;
  last: Exposition | undefined;

  constructor(master: Master) {
    this.#url = `http://${master.rest}/metrics`;
    this.#ended = this.#scrapeAgainAndAgain();
    // Told by `stop`; until then it is nobody's.
    this.#ended.catch(() => undefined);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    await this.#ended;
  }

  async #scrapeAgainAndAgain(): Promise<void> {
    while (!this.#isStopping) {
      const response = await fetch(this.#url);
      expect(response.status).toBe(200);
      this.last = new Exposition(await response.text());
      this.scrapes++;
      this.#compare(countsOf(this.last));
    }
  }

  #compare(counts: ReadonlyMap<string, number>): void {
    for (const [series, before] of this.#counts) {
      const now = counts.get(series);
      if (now === undefined || now < before) throw new Error(`${series} was ${before}, and now is ${now}`);
    }
    this.#counts = new Map(counts);
  }
}

/** Series that may only grow. */
function countsOf(scraped: Exposition): Map<string, number> {
  const counting = [...scraped.families.values()].filter(({ type }) => type !== 'gauge');
  const samples = counting.flatMap((family) => family.samples);
  return new Map(samples.map(({ name, labels, value }) => [`${name} ${JSON.stringify(labels)}`, value]));
}

test('while workers die and come back under load, what is told is whole and right, and no answer suffers', async () => {
  const master = await startMaster(['--master', '127.0.0.1:0', '--rest', '127.0.0.1:0', '--lease', '1s']);
  const folder = directory();
  const worker = (id: string) => startWorker(master, ['--servable', 's', '--directory', folder, '--id', id]);
  const [first] = await Promise.all([worker('w1'), worker('w2')]);
  const scraper = new Scraper(master);
  const loop = new VerifyingLoop(master.client('s', 'double'), 8);
  const underLoad = async () => {
    const [before, scrapes] = [loop.right, scraper.scrapes];
    await eventually('calls and scrapes', () => loop.right > before + 40 && scraper.scrapes > scrapes + 5);
  };
  const holds = (name: string, labels: Record<string, string>, value: number | undefined) =>
    eventually(`${name} is ${value}`, () => scraper.last?.sum(name, labels) === value);

  await holds('serving_workers', {}, 2);
  await underLoad();
  await first.stop('SIGKILL');
  await holds('serving_workers', {}, 1);
  await holds('serving_replicas', { servable: 's', state: 'available' }, 1);
  expect(scraper.last?.sum('serving_worker_lease_seconds', { worker: 'w1' })).toBeUndefined();
  expect(scraper.last?.sum('serving_replica_executors', { worker: 'w1' })).toBeUndefined();
  await underLoad();
  await worker('w1');
  await holds('serving_replicas', { servable: 's', state: 'available' }, 2);
  await holds('serving_worker_registrations_total', {}, 3);
  await underLoad();

  const { right, wrong } = await loop.stop();
  await scraper.stop();
  expect(wrong).toEqual([]);
  const scraped = new Exposition(await (await fetch(`http://${master.rest}/metrics`)).text());
  expect(scraped.sum('serving_requests_total', ofMethod)).toBe(right);
  expect(scraped.sum('serving_request_duration_seconds_count', ofMethod)).toBe(right);
  expect(scraped.sum('serving_instances_total', ofMethod)).toBe(4 * right);
  expect(scraped.sum('serving_failed_requests_total', ofMethod)).toBe(0);
  expect(scraped.sum('nv_inference_count', { model: 's' })).toBe(4 * right);
  expect(scraped.sum('serving_queue_instances', ofMethod)).toBe(0);
  expect(scraped.sum('serving_replica_batches_in_flight')).toBe(0);
  const lost = scraped.sum('serving_lost_batches_total', { servable: 's' })!;
  expect(scraped.sum('serving_redispatched_batches_total', { servable: 's' })).toBeGreaterThanOrEqual(lost);
  const lease = scraped.sum('serving_worker_lease_seconds', { worker: 'w1' });
  expect(lease).toBeGreaterThan(0);
  expect(lease).toBeLessThanOrEqual(1);
  expect(scraped.sum('serving_worker_departures_total', { reason: 'broken' })).toBe(1);
});

test('a master that was scraped leaves nothing running: its process ends by itself', async () => {
  const library = pathToFileURL(join(process.cwd(), 'packages/master/dist/index.js'));
  const folder = folderWith({
    'program.mjs': `
import { Master } from ${JSON.stringify(library.href)};
const resources = () => process.getActiveResourcesInfo().sort().join();
const scrapeOne = async () => {
  const master = new Master();
  await master.metrics.text();
  await master.stop(0);
};
await scrapeOne();
const before = resources();
for (let i = 0; i < 20; i++) await scrapeOne();
console.log(resources() === before ? 'nothing more runs' : before + ' became ' + resources());
`,
  });
  const program = startProgram(join(folder, 'program.mjs'), []);
  expect([await program.ended, program.stdout, program.stderr]).toEqual([
    { code: 0, signal: null },
    'nothing more runs\n',
    '',
  ]);
});
