/** The bench's command line. */
import { parseArgs } from 'node:util';
import { allCases } from './cases/all-cases.ts';
import type { BenchCase } from './case.ts';

const defaultPairs = 5;

export interface BenchOptions {
  readonly cases: readonly BenchCase[];
  /** Undefined leaves each case its own. */
  readonly seconds: number | undefined;
  readonly pairs: number;
  readonly generator: 'auto' | 'h2load' | 'node';
  /** Where to write the page; undefined leaves the choice to the bench. */
  readonly page: string | undefined;
}

export const usage = `Usage: npm run bench -- [--case A1,B,…] [--seconds N] [--pairs N] [--generator auto|h2load|node] [--page FILE]
  --case       cases to run, or beginnings of their names (default: all)
  --seconds    length of a measured run, 0.5 to 600 (default: each case's own)
  --pairs      measured runs per side, 1 to 100 (default ${defaultPairs}; fewer say little)
  --generator  load generator (default: h2load when it is installed)
  --page       write the page here (default: docs/benchmarks.md after a run of all cases at full length)
  --help       print this`;

export const help = `${usage}

Cases, with the seconds of a measured run:
${allCases.map(({ name, seconds, title }) => `  ${name.padEnd(4)} ${String(seconds).padStart(2)} s  ${title}`).join('\n')}`;

export class UsageError extends Error {}

/** A run from which the page may be written. */
export function isFullLength({ cases, seconds, pairs }: BenchOptions): boolean {
  return cases.length === allCases.length && seconds === undefined && pairs >= defaultPairs;
}

/** Undefined when help was asked for. @throws UsageError */
export function readOptions(argv: readonly string[]): BenchOptions | undefined {
  const { values } = parse(argv);
  if (values.help === true) return undefined;
  const { seconds } = values;
  return {
    cases: values.case === undefined ? allCases : casesNamed(values.case.split(',')),
    seconds: seconds === undefined ? undefined : numberWithin('--seconds', seconds, 0.5, 600),
    pairs: Math.floor(numberWithin('--pairs', values.pairs ?? String(defaultPairs), 1, 100)),
    generator: generatorNamed(values.generator ?? 'auto'),
    page: values.page,
  };
}

function parse(argv: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        case: option,
        seconds: option,
        pairs: option,
        generator: option,
        page: option,
        help: { type: 'boolean' },
      },
    });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

/** In the order of the table, each once. */
function casesNamed(beginnings: readonly string[]): BenchCase[] {
  const chosen = new Set(beginnings.flatMap(casesThatBeginWith));
  return allCases.filter((benchCase) => chosen.has(benchCase));
}

function casesThatBeginWith(given: string): BenchCase[] {
  const beginning = given.trim().toUpperCase();
  const found = allCases.filter(({ name }) => beginning !== '' && name.startsWith(beginning));
  if (found.length > 0) return found;
  const names = allCases.map(({ name }) => name).join(',');
  throw new UsageError(`--case: expected some of ${names}, or the beginning of one, given '${given}'`);
}

function numberWithin(flag: string, given: string, min: number, max: number): number {
  const value = Number(given);
  if (given.trim() !== '' && value >= min && value <= max) return value;
  throw new UsageError(`${flag}: expected a number from ${min} to ${max}, given '${given}'`);
}

function generatorNamed(name: string): BenchOptions['generator'] {
  if (name === 'auto' || name === 'h2load' || name === 'node') return name;
  throw new UsageError(`--generator: expected auto, h2load or node, given '${name}'`);
}
