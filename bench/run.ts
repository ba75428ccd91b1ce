/** npm run bench: runs the cases; rows of JSON go to standard output, what people read to standard error. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench } from './case.ts';
import { ceilingOf } from './harness/ceiling.ts';
import { rowsOf, type Row } from './harness/row.ts';
import { runCase } from './harness/run-case.ts';
import { h2load } from './load/h2load.ts';
import type { LoadGenerator } from './load/load-generator.ts';
import { ownGenerator } from './load/own-generator.ts';
import { help, isFullLength, readOptions, usage, UsageError, type BenchOptions } from './options.ts';
import { benchmarksPage } from './report/benchmarks-page.ts';
import { textTable } from './report/table.ts';
import { ChildProcesses, repository } from './servers/child-processes.ts';
import { surroundings } from './system/machine.ts';

const defaultPage = fileURLToPath(new URL('docs/benchmarks.md', repository));
/** Of one round; shorter measured runs need it no less. */
const warmUpSeconds = 4;

interface Results {
  readonly rows: Row[];
  readonly ceilings: string[];
  /** Cases that gave no figures. */
  readonly failures: string[];
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

async function chooseGenerator(
  wanted: BenchOptions['generator'],
  children: ChildProcesses,
  folder: string,
): Promise<LoadGenerator> {
  if (wanted === 'node') return ownGenerator(children);
  const found = await h2load(children, folder);
  if (found !== undefined) return found;
  if (wanted === 'h2load')
    throw new UsageError('--generator h2load: it is not installed (Debian: nghttp2-client)');
  return ownGenerator(children);
}

async function runCases(
  { cases, pairs, seconds }: BenchOptions,
  bench: Omit<Bench, 'seconds'>,
): Promise<Results> {
  const results: Results = { rows: [], ceilings: [], failures: [] };
  for (const benchCase of cases) {
    try {
      const oneCase = { ...bench, seconds: seconds ?? benchCase.seconds };
      const result = await runCase(oneCase, benchCase, pairs, say);
      for (const row of rowsOf(result)) {
        results.rows.push(row);
        process.stdout.write(`${JSON.stringify(row)}\n`);
      }
      const ceiling = ceilingOf(result);
      if (ceiling !== undefined) results.ceilings.push(ceiling);
    } catch (thrown) {
      // The other cases may still have something to say.
      results.failures.push(
        `${benchCase.name} failed: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
      );
      say(results.failures.at(-1)!);
    }
  }
  return results;
}

/** The page stands for a run of everything at full length; a quick look must not replace it. */
function pageFor(options: BenchOptions, { failures }: Results): string | undefined {
  if (options.page !== undefined) return options.page;
  return isFullLength(options) && failures.length === 0 ? defaultPage : undefined;
}

async function run(options: BenchOptions, children: ChildProcesses, folder: string): Promise<boolean> {
  const { seconds, pairs, cases } = options;
  const begun = performance.now();
  const generator = await chooseGenerator(options.generator, children, folder);
  const around = surroundings();
  say(`${around.machine}\n${around.versions}; commit ${around.commit}; load by ${generator.name}\n`);
  const results = await runCases(options, { warmUpSeconds, generator, children, folder });
  const { rows, ceilings, failures } = results;
  say(['', textTable(rows), '', ...ceilings, ...failures].join('\n'));
  say(`Took ${Math.round((performance.now() - begun) / 1000)} s.`);
  const page = pageFor(options, results);
  if (page === undefined) say('No page written: this was not a run of all cases at full length.');
  else
    writeFileSync(
      page,
      benchmarksPage({
        surroundings: around,
        generator: generator.name,
        seconds,
        pairs,
        cases,
        rows,
        ceilings,
      }),
    );
  return failures.length === 0 && rows.every(({ ok }) => ok);
}

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) return void process.stdout.write(`${help}\n`);
  const folder = mkdtempSync(join(tmpdir(), 'serving-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  // Exiting ends the children, by the handler of ChildProcesses.
  process.once('SIGINT', () => process.exit(130));
  process.once('SIGTERM', () => process.exit(143));
  if (!(await run(options, new ChildProcesses(), folder))) process.exitCode = 1;
}

try {
  await main();
} catch (thrown) {
  if (!(thrown instanceof UsageError)) throw thrown;
  say(`${thrown.message}\n${usage}`);
  process.exitCode = 2;
}
