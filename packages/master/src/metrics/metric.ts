/** What a metric is: its name and text, and where its values come from whenever somebody asks. */
import type { Metric as PromMetric, Registry } from 'prom-client';
import type { Durations } from '../statistics/tally.js';

export type Labels = Readonly<Record<string, string>>;

export const none: Labels = {};

/** A value, or the counts of a histogram, under labels. */
interface Labelled {
  /** The same object at every scrape, where possible: it is turned into text once. */
  readonly shared: Labels;
  /** Further ones. */
  readonly labels?: Labels;
}

export interface Sample extends Labelled {
  readonly value: number;
}

/** What was counted, by upper bounds. */
export interface Buckets extends Labelled {
  /** How many were at most so much and more than the bound before; the last place is for what is beyond all. */
  readonly within: ArrayLike<number>;
  readonly sum: number;
}

interface Described {
  readonly name: string;
  readonly help: string;
}

/** A metric whose values are read from `View` when it is scraped. */
export type Metric<View> =
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly read: (view: View) => Iterable<Sample>;
    })
  | (Described & {
      readonly type: 'histogram';
      /** Upper bounds of its buckets, ascending. */
      readonly bounds: readonly number[];
      readonly read: (view: View) => Iterable<Buckets>;
    });

/** A value as the registry writes it. */
interface WrittenValue {
  readonly metricName?: string;
  readonly sharedLabels: Labels;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/**
 * Lets the registry read the metric. prom-client's own metrics count by themselves, and look labels up for each value:
 * that would cost a request more than the rest of its statistics, and a scrape several times as much as the writing does.
 * @param view called whenever the metric is read
 */
export function register<View>(registry: Registry, metric: Metric<View>, view: () => View): void {
  const { name, help, type } = metric;
  const get = () => Promise.resolve({ name, help, type, values: valuesOf(metric, view()) });
  // All that a registry which writes text asks of a metric; what it is declared to take counts by itself as well.
  registry.registerMetric({ name, help, type, get } as unknown as PromMetric);
}

function valuesOf<View>(metric: Metric<View>, view: View): WrittenValue[] {
  if (metric.type === 'histogram') {
    const { name, bounds, read } = metric;
    return Array.from(read(view), (buckets) => bucketValues(name, bounds, buckets)).flat();
  }
  return Array.from(metric.read(view), ({ shared, labels = none, value }) => ({
    sharedLabels: shared,
    labels,
    value,
  }));
}

function bucketValues(name: string, bounds: readonly number[], counted: Buckets): WrittenValue[] {
  const { shared: sharedLabels, labels = none, within, sum } = counted;
  let count = 0;
  const values: WrittenValue[] = [...bounds, '+Inf'].map((le, place) => {
    count += within[place] ?? 0;
    return { metricName: `${name}_bucket`, sharedLabels, labels: { ...labels, le }, value: count };
  });
  values.push({ metricName: `${name}_sum`, sharedLabels, labels, value: sum });
  values.push({ metricName: `${name}_count`, sharedLabels, labels, value: count });
  return values;
}

/** Durations as a histogram of seconds has them. */
export function inSeconds(shared: Labels, { within, ms }: Durations): Buckets {
  return { shared, within, sum: ms / 1000 };
}
