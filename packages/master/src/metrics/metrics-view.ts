/** What the metrics of one scrape are read from: taken once, so that they are of one moment. */
import type { linkStatus } from '@serving/common';
import type { MethodRoute, QueueDepth } from '../call/method-route.js';
import { modelName } from '../frontend/inference-models/models.js';
import type { WorkerDirectory } from '../link/worker-directory.js';
import type { RouteTable, VersionEntry } from '../routing/route-table.js';
import type { ErrorCounts } from '../statistics/error-counts.js';

/** Where a master keeps what its metrics tell. */
export interface MetricsSources {
  readonly release: string;
  /** Of each method's queue. */
  readonly queueLimit: QueueDepth;
  readonly table: Pick<RouteTable, 'entries'>;
  /** Of requests that came to no method. */
  readonly refusals: ErrorCounts;
  readonly directory: Pick<WorkerDirectory, 'registered' | 'ended'>;
  readonly status: () => linkStatus.GetStatusResponse;
}

export interface MetricsView extends Omit<MetricsSources, 'table' | 'status'> {
  readonly versions: readonly VersionView[];
  readonly methods: readonly MethodView[];
  readonly status: linkStatus.GetStatusResponse;
}

export interface VersionView {
  readonly labels: { readonly servable: string; readonly version: string };
  readonly entry: VersionEntry;
  readonly methods: readonly MethodView[];
}

export interface MethodView {
  readonly labels: { readonly servable: string; readonly version: string; readonly method: string };
  /** In the words of the Open Inference Protocol: each method has one name here, so that sums over models are right. */
  readonly modelLabels: { readonly model: string; readonly version: string };
  readonly route: MethodRoute;
}

export class MetricsViews {
  readonly #sources: MetricsSources;
  /** What an entry is called by does not change: labels are made once. */
  readonly #known = new WeakMap<VersionEntry, VersionView>();

  constructor(sources: MetricsSources) {
    this.#sources = sources;
  }

  take(): MetricsView {
    const { table, status, ...sources } = this.#sources;
    const versions = [...table.entries()].map(([servable, entry]) => this.#version(servable, entry));
    const methods = versions.flatMap((version) => version.methods);
    return { ...sources, versions, methods, status: status() };
  }

  #version(servable: string, entry: VersionEntry): VersionView {
    const known = this.#known.get(entry);
    if (known !== undefined) return known;
    const made = versionView(servable, entry);
    this.#known.set(entry, made);
    return made;
  }
}

function versionView(servable: string, entry: VersionEntry): VersionView {
  const version = String(entry.version);
  const methods = [...entry.methods].map(([method, route]) => ({
    labels: { servable, version, method },
    modelLabels: { model: modelName(servable, entry, method), version },
    route,
  }));
  return { labels: { servable, version }, entry, methods };
}
