/** What the server says of its models. */
import { ServingError, type RpcRoute } from '@serving/common';
import { configOf } from '../inference-models/config.js';
import { metadataOf } from '../inference-models/metadata.js';
import type { Model, Models } from '../inference-models/models.js';
import { repositoryIndex } from '../inference-models/repository-index.js';
import { statisticsOf } from '../inference-models/statistics.js';
import { rpc } from './rpc.js';

export function modelRoutes(models: Models): RpcRoute[] {
  return [
    rpc('ModelReady', ({ name, version }) => ({ ready: isReady(models, name, version) })),
    rpc('ModelMetadata', ({ name, version }) => metadataOf(models.ready(name, version), models)),
    rpc('ModelConfig', ({ name, version }) => ({ config: configOf(models.ready(name, version)) })),
    rpc('ModelStatistics', ({ name, version }) => ({
      modelStats: asked(models, name, version).map(statisticsOf),
    })),
    rpc('RepositoryIndex', ({ ready }) => ({ models: repositoryIndex(models, ready) })),
    rpc('RepositoryModelLoad', ({ modelName }) => cannotChange(modelName)),
    rpc('RepositoryModelUnload', ({ modelName }) => cannotChange(modelName)),
  ];
}

/** A model that is not known is not ready. @throws ServingError BAD_REQUEST for what is no version */
function isReady(models: Models, name: string, version: string): boolean {
  try {
    return models.find(name, version).entry.isAvailable;
  } catch (thrown) {
    if (thrown instanceof ServingError && thrown.code !== 'BAD_REQUEST') return false;
    throw thrown;
  }
}

/** The models that a name and a version stand for: without a name all of them, without a version all of the model's. */
function asked(models: Models, name: string, version: string): readonly Model[] {
  if (name === '') return models.all();
  const model = models.find(name, version);
  return version === '' ? models.versions(name) : [model];
}

function cannotChange(model: string): never {
  throw new ServingError(
    'FIXED_MODELS',
    `model '${model}': what is served cannot be changed while the server runs; start workers with the servable, or stop those that have it`,
  );
}
