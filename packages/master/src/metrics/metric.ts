/** What a metric is: its name and text, and where its values come from whenever somebody asks. */
import { Counter, Gauge, type Registry } from 'prom-client';
import type { Durations } from '../statistics/tally.js';
import { ReadHistogram } from './read-histogram.js';

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** What was counted, by upper bounds. */
export interface Buckets {
  readonly labels: Labels;
  /** How many were at most so much and more than the bound before; the last place is for what is beyond all. */
  readonly within: ArrayLike<number>;
  readonly sum: number;
}

interface Described {
  readonly name: string;
  readonly help: string;
  /** Names of the labels. */
  readonly labels: readonly string[];
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

/** @param view called at every scrape */
export function register<View>(registry: Registry, metric: Metric<View>, view: () => View): void {
  const { name, help, labels } = metric;
  const described = { name, help, labelNames: [...labels], registers: [registry] };
  switch (metric.type) {
    case 'histogram': {
      const { read, bounds } = metric;
      new ReadHistogram({ ...described, buckets: [...bounds] }, () => read(view()));
      return;
    }
    case 'counter': {
      const counter = new Counter({
        ...described,
        collect: () => {
          counter.reset();
          for (const sample of metric.read(view())) counter.inc(sample.labels, sample.value);
        },
      });
      return;
    }
    case 'gauge': {
      const gauge = new Gauge({
        ...described,
        collect: () => {
          gauge.reset();
          for (const sample of metric.read(view())) gauge.set(sample.labels, sample.value);
        },
      });
    }
  }
}

/** Durations as a histogram of seconds has them. */
export function inSeconds(labels: Labels, { within, ms }: Durations): Buckets {
  return { labels, within, sum: ms / 1000 };
}
