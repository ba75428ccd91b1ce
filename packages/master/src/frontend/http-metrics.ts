/** `/metrics`, as Prometheus asks. */
import { jsonResult, type HttpRoute } from '../http/http-handler.js';

/** Where the text comes from. */
export interface MetricsText {
  /** Media type of `text`. */
  readonly contentType: string;
  text(): Promise<string>;
}

export function httpMetricsRoutes({ metrics }: { readonly metrics: MetricsText }): HttpRoute[] {
  const GET = async () => ({
    status: 200,
    headers: { 'content-type': metrics.contentType },
    body: [Buffer.from(await metrics.text())],
  });
  return [
    {
      path: '/metrics',
      handlers: { GET },
      whileStopping: true,
      failed: (error) => jsonResult(error.httpStatus, { error: error.message }),
    },
  ];
}
