/** Which models a question is about. */
import { ServingError } from '@serving/common';
import type { Model, Models } from './models.js';

/** A model that is not known is not ready. @throws ServingError BAD_REQUEST for what is no version */
export function isReady(models: Models, name: string, version: string): boolean {
  try {
    return models.find(name, version).entry.isAvailable;
  } catch (thrown) {
    if (thrown instanceof ServingError && thrown.code !== 'BAD_REQUEST') return false;
    throw thrown;
  }
}

/** The models that a name and a version stand for: without a name all of them, without a version all of the model's. */
export function askedModels(models: Models, name: string, version: string): readonly Model[] {
  if (name === '') return models.all();
  const model = models.find(name, version);
  return version === '' ? models.versions(name) : [model];
}
