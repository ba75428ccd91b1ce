/** The metrics of a master in Prometheus' text format, made when somebody asks: nothing is done for them meanwhile. */
import { setImmediate as nextRound } from 'node:timers/promises';
import { Registry } from 'prom-client';
import { clusterMetrics } from './cluster-metrics.js';
import { register } from './metric.js';
import { MetricsViews, type MetricsSources, type MetricsView } from './metrics-view.js';
import { processMetrics } from './process-metrics.js';
import { queueMetrics } from './queue-metrics.js';
import { requestMetrics } from './request-metrics.js';
import { tritonMetrics } from './triton-metrics.js';

const metrics = [...requestMetrics, ...queueMetrics, ...clusterMetrics, ...tritonMetrics];

export class Metrics {
  readonly #views: MetricsViews;
  readonly #registry = new Registry();
  #view: MetricsView;

  constructor(sources: MetricsSources) {
    this.#views = new MetricsViews(sources);
    this.#view = this.#views.take();
    for (const metric of metrics) register(this.#registry, metric, () => this.#view);
  }

  /** Media type of `text`. */
  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything, as it is now: each metric by itself is of one moment. */
  async text(): Promise<string> {
    this.#view = this.#views.take();
    const texts: string[] = [];
    for (const { name } of metrics) {
      texts.push(await this.#registry.getSingleMetricAsString(name));
      // With hundreds of methods this is thousands of lines, and requests are not to wait for all of them.
      await nextRound();
    }
    texts.push(await processMetrics().metrics());
    return texts.join('\n\n');
  }
}
