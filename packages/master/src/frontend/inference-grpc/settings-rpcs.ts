/** TraceSetting and LogSettings: what is set can be read, and is changed where the server is started. */
import { ServingError, type inference, type RpcRoute } from '@serving/common';
import type { Models } from '../inference-models/models.js';
import { rpc } from './rpc.js';

/** Which kinds of lines the log has. */
export interface LogFacts {
  isLevelEnabled(level: 'info' | 'warn' | 'error'): boolean;
}

export function settingsRoutes(models: Models, log: LogFacts): RpcRoute[] {
  return [
    rpc('TraceSetting', ({ settings, modelName }) => {
      if (modelName !== '') models.find(modelName, '');
      refuseChange(settings, 'trace settings', 'the server does not trace');
      return { settings: traceSettings() };
    }),
    rpc('LogSettings', ({ settings }) => {
      refuseChange(settings, 'log settings', 'the level is that of --log-level');
      return { settings: logSettings(log) };
    }),
  ];
}

/** @throws ServingError UNSUPPORTED */
function refuseChange(given: ReadonlyMap<string, unknown>, what: string, why: string): void {
  if (given.size === 0) return;
  throw new ServingError(
    'UNSUPPORTED',
    `${what} cannot be changed while the server runs: ${why}; expected none in the request, given ${[...given.keys()].join(', ')}`,
  );
}

function traceSettings(): inference.TraceSettingResponse['settings'] {
  const settings = {
    trace_level: 'OFF',
    trace_rate: '1000',
    trace_count: '-1',
    log_frequency: '0',
    trace_file: '',
    trace_mode: 'triton',
  };
  return new Map(Object.entries(settings).map(([name, value]) => [name, { value: [value] }]));
}

function logSettings(log: LogFacts): inference.LogSettingsResponse['settings'] {
  const flag = (value: boolean) => ({ parameterChoice: { $case: 'boolParam', value } as const });
  const text = (value: string) => ({ parameterChoice: { $case: 'stringParam', value } as const });
  return new Map<string, inference.LogSettingsResponse_SettingValue>([
    ['log_file', text('')],
    ['log_info', flag(log.isLevelEnabled('info'))],
    ['log_warning', flag(log.isLevelEnabled('warn'))],
    ['log_error', flag(log.isLevelEnabled('error'))],
    ['log_verbose_level', { parameterChoice: { $case: 'uint32Param', value: 0 } }],
    ['log_format', text('default')],
  ]);
}
