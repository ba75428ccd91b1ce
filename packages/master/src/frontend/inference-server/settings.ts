/** Settings of tracing and of the log: what is set can be read, and is changed where the server is started. */
import { ServingError } from '@serving/common';

/** Which kinds of lines the log has. */
export interface LogFacts {
  isLevelEnabled(level: 'info' | 'warn' | 'error'): boolean;
}

export const traceSettings: Readonly<Record<string, string>> = {
  trace_level: 'OFF',
  trace_rate: '1000',
  trace_count: '-1',
  log_frequency: '0',
  trace_file: '',
  trace_mode: 'triton',
};

export function logSettings(log: LogFacts): Readonly<Record<string, string | boolean | number>> {
  return {
    log_file: '',
    log_info: log.isLevelEnabled('info'),
    log_warning: log.isLevelEnabled('warn'),
    log_error: log.isLevelEnabled('error'),
    log_verbose_level: 0,
    log_format: 'default',
  };
}

/** @param given names of settings to be changed @throws ServingError UNSUPPORTED */
export function refuseTraceChange(given: readonly string[]): void {
  refuseChange(given, 'trace settings', 'the server does not trace');
}

/** @param given names of settings to be changed @throws ServingError UNSUPPORTED */
export function refuseLogChange(given: readonly string[]): void {
  refuseChange(given, 'log settings', 'the level is that of --log-level');
}

function refuseChange(given: readonly string[], what: string, why: string): void {
  if (given.length === 0) return;
  throw new ServingError(
    'UNSUPPORTED',
    `${what} cannot be changed while the server runs: ${why}; expected none in the request, given ${given.join(', ')}`,
  );
}
