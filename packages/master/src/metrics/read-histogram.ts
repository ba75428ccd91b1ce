/**
 * A histogram of what was counted elsewhere. prom-client's own counts by itself, and looks up labels for each value: that
 * would cost a request more than the rest of its statistics.
 */
import {
  Histogram,
  type HistogramConfiguration,
  type MetricObjectWithValues,
  type MetricValueWithName,
} from 'prom-client';
import type { Buckets } from './metric.js';

type Values = MetricObjectWithValues<MetricValueWithName<string>>;

export class ReadHistogram extends Histogram {
  readonly #described: Pick<HistogramConfiguration<string>, 'name' | 'help'>;
  readonly #bounds: readonly number[];
  readonly #read: () => Iterable<Buckets>;

  constructor(
    configuration: HistogramConfiguration<string> & { buckets: number[] },
    read: () => Iterable<Buckets>,
  ) {
    super(configuration);
    this.#described = configuration;
    this.#bounds = configuration.buckets;
    this.#read = read;
  }

  override async get(): Promise<Values> {
    const { name, help } = this.#described;
    const values = Array.from(this.#read(), (buckets) => this.#valuesOf(buckets)).flat();
    // Declared is an enum that does not exist at run time, and a function that nobody reads.
    return { name, help, type: 'histogram', aggregator: 'sum', values } as unknown as Values;
  }

  /** What the registry asks for first; it is not declared. */
  getForPromString(): Promise<Values> {
    return this.get();
  }

  #valuesOf({ labels, within, sum }: Buckets): MetricValueWithName<string>[] {
    const { name } = this.#described;
    let count = 0;
    const values = [...this.#bounds, '+Inf'].map((le, place) => {
      count += within[place] ?? 0;
      return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count };
    });
    return [
      ...values,
      { metricName: `${name}_sum`, labels, value: sum },
      { metricName: `${name}_count`, labels, value: count },
    ];
  }
}
