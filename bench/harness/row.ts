/** Measurements of a case → one row per figure, with the ratio taken pair by pair. */
import type { Bar, Figure, Measurement } from '../case.ts';
import type { CaseResult } from './run-case.ts';

/** As printed; the names are an interface for scripts. */
export interface Row {
  readonly case: string;
  readonly figure: string;
  readonly unit: string;
  /** One value a run; empty where there is none, or the system cannot tell. */
  readonly ours: readonly number[];
  readonly base: readonly number[];
  /** Above 1 speaks for ours, whichever way the figure goes. */
  readonly ratio_median: number | null;
  readonly cpu_us_ours: number | null;
  readonly cpu_us_base: number | null;
  readonly bar: number | null;
  /** What the bar is for: the least ratio, the most of ours, or the most that ours may be above the base. */
  readonly bar_of: Bar['of'] | null;
  readonly ok: boolean;
}

export function rowsOf(result: CaseResult): Row[] {
  return result.benchCase.figures.map((figure) => rowOf(result, figure));
}

function rowOf({ benchCase, ours, base }: CaseResult, figure: Figure): Row {
  const { name, unit, bar } = figure;
  const values = { ours: valuesOf(ours, name), base: valuesOf(base, name) };
  // The CPU time of one request or instance, if the case has it, stands beside all of its figures.
  const cpu = benchCase.figures.find((other) => other.name.startsWith('cpu_us_'))?.name;
  const cpuOf = (side: readonly Measurement[]) =>
    cpu === undefined ? null : nullable(median(valuesOf(side, cpu)));
  return {
    case: benchCase.name,
    figure: name,
    unit,
    ours: values.ours.map(rounded),
    base: values.base.map(rounded),
    ratio_median: nullable(median(ratios(figure.better, values.ours, values.base))),
    cpu_us_ours: cpuOf(ours),
    cpu_us_base: cpuOf(base),
    bar: bar === null ? null : rounded(bar.of === 'ratio' ? bar.least : bar.most),
    bar_of: bar?.of ?? null,
    ok: bar === null || isMet(bar, figure.better, values),
  };
}

/** A figure that this system cannot tell meets no bar. */
function isMet(
  bar: Bar,
  better: Figure['better'],
  { ours, base }: Record<'ours' | 'base', number[]>,
): boolean {
  if (bar.of === 'ratio') return (median(ratios(better, ours, base)) ?? -Infinity) >= bar.least;
  const measured = bar.of === 'ours' ? ours : inPairs(ours, base).map(([our, other]) => our - other);
  return (median(measured) ?? Infinity) <= bar.most;
}

/** Pair by pair, since what slows the machine down mostly slows both runs of a pair. */
export function ratios(better: Figure['better'], ours: readonly number[], base: readonly number[]): number[] {
  return inPairs(ours, base).map(([our, other]) => (better === 'more' ? our / other : other / our));
}

function inPairs(ours: readonly number[], base: readonly number[]): [number, number][] {
  return base.length === ours.length ? ours.map((value, pair) => [value, base[pair]!]) : [];
}

/** The values of all runs, or none when one of them lacks it. */
export function valuesOf(measurements: readonly Measurement[], name: string): number[] {
  const values = measurements.map((measurement) => measurement[name]).filter((value) => value !== undefined);
  return values.length === measurements.length ? values : [];
}

export function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? sorted[middle]
    : sorted.length === 0
      ? undefined
      : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function nullable(value: number | undefined): number | null {
  return value === undefined ? null : rounded(value);
}

function rounded(value: number): number {
  return Number(value.toPrecision(5));
}
