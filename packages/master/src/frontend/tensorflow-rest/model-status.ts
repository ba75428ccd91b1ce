/** Which versions of a model there are, and whether they can be called: `GET /v1/models/<model>`. */
import { ServingError } from '@serving/common';
import type { VersionEntry } from '../../routing/route-table.js';
import type { Models } from '../inference-models/models.js';
import { versionNumber, type Asked } from './served-version.js';

/** As TensorFlow Serving's GetModelStatusResponse, newest version first. @throws ServingError */
export function modelStatus(models: Models, asked: Asked): object {
  const named = models.named(asked.model);
  const entries = [...(named?.versions.values() ?? [])].filter(
    ({ methods }) => named?.method === undefined || methods.has(named.method),
  );
  if (entries.length === 0) throw models.notFound(`Could not find any versions of model ${asked.model}`);
  if (asked.version === undefined) return statusOf(entries);
  const number = versionNumber(asked);
  const entry = entries.find(({ version }) => version === number);
  if (entry !== undefined) return statusOf([entry]);
  throw new ServingError(
    'VERSION_NOT_FOUND',
    `Could not find version ${asked.version} of model ${asked.model}; expected one of: ${entries.map(({ version }) => version).join(', ')}`,
  );
}

function statusOf(entries: readonly VersionEntry[]): object {
  return {
    model_version_status: entries.map(({ version, isAvailable }) => ({
      version: String(version),
      state: isAvailable ? 'AVAILABLE' : 'END',
      status: isAvailable
        ? { error_code: 'OK', error_message: '' }
        : { error_code: 'UNAVAILABLE', error_message: 'no replica of it is live' },
    })),
  };
}
