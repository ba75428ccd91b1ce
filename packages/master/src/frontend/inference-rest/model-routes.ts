/** What the server says of its models. */
import type { HttpCall, HttpResult, HttpRoute } from '../../http/http-handler.js';
import { asksReadyOnly } from '../inference-json/small-requests.js';
import { askedModels } from '../inference-models/asked-models.js';
import { configOf } from '../inference-models/config.js';
import { metadataOf } from '../inference-models/metadata.js';
import type { Models } from '../inference-models/models.js';
import { repositoryIndex } from '../inference-models/repository-index.js';
import { statisticsOf } from '../inference-models/statistics.js';
import { refuseModelChange } from '../inference-server/refusals.js';
import { addressee, messageResult, modelRoute, plainResult, restRoute } from './rest-route.js';

export function modelRoutes(models: Models): HttpRoute[] {
  const named = (call: HttpCall) => {
    const { model, version } = addressee(call);
    return models.ready(model, version);
  };
  const statistics = (call: HttpCall) => {
    const { model, version } = addressee(call);
    return messageResult({ modelStats: askedModels(models, model, version).map(statisticsOf) });
  };
  return [
    ...modelRoute('', { GET: (call) => messageResult(metadataOf(named(call), models)) }),
    ...modelRoute('/ready', { GET: (call) => readiness(models, call) }),
    ...modelRoute('/config', { GET: (call) => messageResult(configOf(named(call))) }),
    ...modelRoute('/stats', { GET: statistics }),
    restRoute('/v2/models/stats', { GET: statistics }),
    ...repositoryRoutes(models),
  ];
}

/** Of a model that nobody knows, the error tells more than that it is not ready. */
function readiness(models: Models, call: HttpCall): HttpResult {
  const { model, version } = addressee(call);
  const ready = models.find(model, version).entry.isAvailable;
  return plainResult(ready ? 200 : 400, { name: model, ready });
}

function repositoryRoutes(models: Models): HttpRoute[] {
  const refuse = ({ params }: HttpCall) => refuseModelChange(params['model'] ?? '');
  return ['/v2/repository', '/v2/repository/:repository'].flatMap((repository) => [
    restRoute(`${repository}/index`, {
      POST: async (call, body) =>
        messageResult(repositoryIndex(models, await call.read(asksReadyOnly(body)))),
    }),
    restRoute(`${repository}/models/:model/load`, { POST: refuse }),
    restRoute(`${repository}/models/:model/unload`, { POST: refuse }),
  ]);
}
