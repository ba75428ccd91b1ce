/** Measurements of a case → one row per figure, with the ratio taken pair by pair. */
import type { Figure, Measurement } from '../case.ts';
import type { CaseResult } from './run-case.ts';

/** As printed; the names are an interface for scripts. */
export interface Row {
  readonly case: string;
  readonly figure: string;
  readonly unit: string;
  /** One value a run; empty where the system cannot tell. */
  readonly ours: readonly number[];
  readonly base: readonly number[];
  /** Above 1 speaks for ours, whichever way the figure goes. */
  readonly ratio_median: number | null;
  readonly cpu_us_ours: number | null;
  readonly cpu_us_base: number | null;
  readonly bar: number | null;
  readonly ok: boolean;
}

export function rowsOf(result: CaseResult): Row[] {
  return result.benchCase.figures.map((figure) => rowOf(result, figure));
}

function rowOf({ benchCase, ours, base }: CaseResult, figure: Figure): Row {
  const { name, unit, bar } = figure;
  const known = valuesOf(ours, name).length > 0 && valuesOf(base, name).length > 0;
  const oursValues = known ? valuesOf(ours, name) : [];
  const baseValues = known ? valuesOf(base, name) : [];
  const ratio = median(ratios(figure.better, oursValues, baseValues));
  return {
    case: benchCase.name,
    figure: name,
    unit,
    ours: oursValues.map(rounded),
    base: baseValues.map(rounded),
    ratio_median: nullable(ratio),
    cpu_us_ours: nullable(median(valuesOf(ours, 'cpu_us_per_request'))),
    cpu_us_base: nullable(median(valuesOf(base, 'cpu_us_per_request'))),
    bar,
    ok: bar === null || (ratio !== undefined && ratio >= bar),
  };
}

/** Pair by pair, since what slows the machine down mostly slows both runs of a pair. */
export function ratios(better: Figure['better'], ours: readonly number[], base: readonly number[]): number[] {
  return ours.map((value, pair) => (better === 'more' ? value / base[pair]! : base[pair]! / value));
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
