/** Connections that are dead without a word, for instance because a NAT on the way has forgotten them. */

/** Pings within the silence that is allowed. */
const pingsPerSilence = 3;

/**
 * Options of a grpc-js client: a connection counts as broken when its other side has left a ping unanswered for
 * `silenceMs`, which is noticed within four thirds of that. Whoever stands still for less keeps its connections.
 */
export function keepaliveOptions(silenceMs: number | undefined): Record<string, number> {
  if (silenceMs === undefined) return {};
  return {
    'grpc.keepalive_time_ms': Math.max(1, Math.floor(silenceMs / pingsPerSilence)),
    'grpc.keepalive_timeout_ms': silenceMs,
    'grpc.keepalive_permit_without_calls': 1,
  };
}
