/** What prom-client measures of a Node process: processor time, memory, garbage collection, delays of the event loop. */
import { collectDefaultMetrics, Registry } from 'prom-client';

/**
 * Left out: their names end as only those of counters may, and serving_ metrics or nodejs_active_resources tell the same.
 */
const misnamed = [
  'nodejs_active_handles',
  'nodejs_active_handles_total',
  'nodejs_active_requests',
  'nodejs_active_requests_total',
  'nodejs_active_resources_total',
];

/**
 * Of the process, so one for all masters in it. What prom-client begins to watch it cannot stop watching: it begins when
 * somebody asks first, and only once. The timer of it does not keep the process alive.
 */
let registry: Registry | undefined;

export function processMetrics(): Registry {
  if (registry !== undefined) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
}
