/** TraceSetting and LogSettings. */
import type { inference, RpcRoute } from '@serving/common';
import type { Models } from '../inference-models/models.js';
import {
  logSettings,
  refuseLogChange,
  refuseTraceChange,
  traceSettings,
  type LogFacts,
} from '../inference-server/settings.js';
import { rpc } from './rpc.js';

export function settingsRoutes(models: Models, log: LogFacts): RpcRoute[] {
  return [
    rpc('TraceSetting', ({ settings, modelName }) => {
      if (modelName !== '') models.find(modelName, '');
      refuseTraceChange([...settings.keys()]);
      return {
        settings: new Map(Object.entries(traceSettings).map(([name, value]) => [name, { value: [value] }])),
      };
    }),
    rpc('LogSettings', ({ settings }) => {
      refuseLogChange([...settings.keys()]);
      return {
        settings: new Map(Object.entries(logSettings(log)).map(([name, value]) => [name, setting(value)])),
      };
    }),
  ];
}

function setting(value: string | boolean | number): inference.LogSettingsResponse_SettingValue {
  if (typeof value === 'boolean') return { parameterChoice: { $case: 'boolParam', value } };
  if (typeof value === 'number') return { parameterChoice: { $case: 'uint32Param', value } };
  return { parameterChoice: { $case: 'stringParam', value } };
}
