/** Settings of tracing and of the log. */
import type { HttpHandler, HttpRoute } from '../../http/http-handler.js';
import { membersGiven } from '../inference-json/small-requests.js';
import type { Models } from '../inference-models/models.js';
import {
  logSettings,
  refuseLogChange,
  refuseTraceChange,
  traceSettings,
  type LogFacts,
} from '../inference-server/settings.js';
import { addressee, plainResult, restRoute } from './rest-route.js';

/** A list over HTTP, since there may be several levels. */
const shownTraceSettings = { ...traceSettings, trace_level: [traceSettings['trace_level']] };

export function settingsRoutes(models: Models, log: LogFacts): HttpRoute[] {
  const trace: HttpHandler = async (call, body) => {
    const { model } = addressee(call);
    if (model !== '') models.find(model, '');
    refuseTraceChange(await call.read(membersGiven(body)));
    return plainResult(200, shownTraceSettings);
  };
  const logging: HttpHandler = async (call, body) => {
    refuseLogChange(await call.read(membersGiven(body)));
    return plainResult(200, logSettings(log));
  };
  return [
    restRoute('/v2/trace/setting', { GET: trace, POST: trace }),
    restRoute('/v2/models/:model/trace/setting', { GET: trace, POST: trace }),
    restRoute('/v2/logging', { GET: logging, POST: logging }),
  ];
}
