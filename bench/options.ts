/** The bench's command line. */
import { parseArgs } from 'node:util';
import { allCases } from './cases/all-cases.ts';
import type { BenchCase } from './case.ts';

export const defaults = { seconds: 4, pairs: 5 } as const;

export interface BenchOptions {
  readonly cases: readonly BenchCase[];
  readonly seconds: number;
  readonly pairs: number;
  readonly generator: 'auto' | 'h2load' | 'node';
  /** Where to write the page; undefined leaves the choice to the bench. */
  readonly page: string | undefined;
}

const names = allCases.map(({ name }) => name).join(',');

export const usage = `Usage: npm run bench -- [--case ${names}] [--seconds N] [--pairs N] [--generator auto|h2load|node] [--page FILE]
  --case       cases to run (default: all)
  --seconds    length of a measured run, 0.5 to 600 (default ${defaults.seconds})
  --pairs      measured runs per side, 1 to 100 (default ${defaults.pairs}; fewer than 5 say little)
  --generator  load generator (default: h2load when it is installed)
  --page       write the page here (default: docs/benchmarks.md after a run of all cases at full length)`;

export class UsageError extends Error {}

/** @throws UsageError */
export function readOptions(argv: readonly string[]): BenchOptions {
  const { values } = parse(argv);
  return {
    cases: values.case === undefined ? allCases : values.case.split(',').map(caseNamed),
    seconds: numberWithin('--seconds', values.seconds, defaults.seconds, 0.5, 600),
    pairs: Math.floor(numberWithin('--pairs', values.pairs, defaults.pairs, 1, 100)),
    generator: generatorNamed(values.generator ?? 'auto'),
    page: values.page,
  };
}

function parse(argv: readonly string[]) {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: { case: option, seconds: option, pairs: option, generator: option, page: option },
    });
  } catch (thrown) {
    throw new UsageError(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function caseNamed(name: string): BenchCase {
  const found = allCases.find((benchCase) => benchCase.name.toLowerCase() === name.trim().toLowerCase());
  if (found === undefined) throw new UsageError(`--case: expected some of ${names}, given '${name}'`);
  return found;
}

function numberWithin(
  flag: string,
  given: string | undefined,
  fallback: number,
  min: number,
  max: number,
): number {
  if (given === undefined) return fallback;
  const value = Number(given);
  if (value >= min && value <= max) return value;
  throw new UsageError(`${flag}: expected a number from ${min} to ${max}, given '${given}'`);
}

function generatorNamed(name: string): BenchOptions['generator'] {
  if (name === 'auto' || name === 'h2load' || name === 'node') return name;
  throw new UsageError(`--generator: expected auto, h2load or node, given '${name}'`);
}
