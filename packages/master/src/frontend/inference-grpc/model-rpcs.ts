/** What the server says of its models. */
import { ServingError, type RpcRoute } from '@serving/common';
import { metadataOf } from '../inference-models/metadata.js';
import type { Models } from '../inference-models/models.js';
import { rpc } from './rpc.js';

export function modelRoutes(models: Models): RpcRoute[] {
  return [
    rpc('ModelReady', ({ name, version }) => ({ ready: isReady(models, name, version) })),
    rpc('ModelMetadata', ({ name, version }) => metadataOf(models.ready(name, version), models)),
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
