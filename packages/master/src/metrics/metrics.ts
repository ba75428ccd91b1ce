/** The metrics of a master in Prometheus' text format, made when somebody asks: nothing is done for them meanwhile. */
import { Registry } from 'prom-client';
import { clusterMetrics } from './cluster-metrics.js';
import { register } from './metric.js';
import { takeView, type MetricsSources, type MetricsView } from './metrics-view.js';
import { processMetrics } from './process-metrics.js';
import { queueMetrics } from './queue-metrics.js';
import { requestMetrics } from './request-metrics.js';
import { tritonMetrics } from './triton-metrics.js';

export class Metrics {
  readonly #sources: MetricsSources;
  readonly #registry = new Registry();
  #view: MetricsView;

  constructor(sources: MetricsSources) {
    this.#sources = sources;
    this.#view = takeView(sources);
    for (const metric of [...requestMetrics, ...queueMetrics, ...clusterMetrics, ...tritonMetrics])
      register(this.#registry, metric, () => this.#view);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    // All metrics are read before the registry first waits, so each scrape has its own view.
    this.#view = takeView(this.#sources);
    const own = this.#registry.metrics();
    return `${await own}\n${await processMetrics().metrics()}`;
  }
}
