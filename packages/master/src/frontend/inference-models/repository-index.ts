/** Every model in every version, and whether it is ready. */
import type { inference } from '@serving/common';
import type { Model, Models } from './models.js';

/** @param readyOnly leave out what is not ready */
export function repositoryIndex(
  models: Models,
  readyOnly: boolean,
): inference.RepositoryIndexResponse_ModelIndex[] {
  return models
    .all()
    .filter(({ entry }) => entry.isAvailable || !readyOnly)
    .map(indexOf);
}

function indexOf({ name, entry }: Model): inference.RepositoryIndexResponse_ModelIndex {
  const version = String(entry.version);
  return entry.isAvailable
    ? { name, version, state: 'READY', reason: '' }
    : { name, version, state: 'UNAVAILABLE', reason: 'no replica of it is live' };
}
