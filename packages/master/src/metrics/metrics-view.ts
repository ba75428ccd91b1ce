/** What the metrics of one scrape are read from: taken once, so that they are of one moment. */
import type { linkStatus } from '@serving/common';
import type { QueueLimits } from '../batching/batch-limits.js';
import type { MethodRoute } from '../call/method-route.js';
import { modelName } from '../frontend/inference-models/models.js';
import type { WorkerDirectory } from '../link/worker-directory.js';
import type { RouteTable, VersionEntry } from '../routing/route-table.js';
import type { ErrorCounts } from '../statistics/error-counts.js';

/** Where a master keeps what its metrics tell. */
export interface MetricsSources {
  readonly release: string;
  readonly limits: QueueLimits;
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
}

export interface MethodView {
  readonly labels: { readonly servable: string; readonly version: string; readonly method: string };
  /** In the words of the Open Inference Protocol: each method has one name here, so that sums over models are right. */
  readonly modelLabels: { readonly model: string; readonly version: string };
  readonly route: MethodRoute;
}

export function takeView({ table, status, ...sources }: MetricsSources): MetricsView {
  const versions = [...table.entries()].map(([servable, entry]) => ({
    labels: { servable, version: String(entry.version) },
    entry,
  }));
  const methods = versions.flatMap(({ labels, entry }) =>
    [...entry.methods].map(([method, route]) => ({
      labels: { ...labels, method },
      modelLabels: { model: modelName(labels.servable, entry, method), version: labels.version },
      route,
    })),
  );
  return { ...sources, versions, methods, status: status() };
}
