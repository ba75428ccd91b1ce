/** What the server says of its models. */
import type { RpcRoute } from '@serving/common';
import { askedModels, isReady } from '../inference-models/asked-models.js';
import { configOf } from '../inference-models/config.js';
import { metadataOf } from '../inference-models/metadata.js';
import type { Models } from '../inference-models/models.js';
import { repositoryIndex } from '../inference-models/repository-index.js';
import { statisticsOf } from '../inference-models/statistics.js';
import { refuseModelChange } from '../inference-server/refusals.js';
import { rpc } from './rpc.js';

export function modelRoutes(models: Models): RpcRoute[] {
  return [
    rpc('ModelReady', ({ name, version }) => ({ ready: isReady(models, name, version) })),
    rpc('ModelMetadata', ({ name, version }) => metadataOf(models.ready(name, version), models)),
    rpc('ModelConfig', ({ name, version }) => ({ config: configOf(models.ready(name, version)) })),
    rpc('ModelStatistics', ({ name, version }) => ({
      modelStats: askedModels(models, name, version).map(statisticsOf),
    })),
    rpc('RepositoryIndex', ({ ready }) => ({ models: repositoryIndex(models, ready) })),
    rpc('RepositoryModelLoad', ({ modelName }) => refuseModelChange(modelName)),
    rpc('RepositoryModelUnload', ({ modelName }) => refuseModelChange(modelName)),
  ];
}
