/** Name, version and signature of a path or request → what is served under them, or why nothing is, in TensorFlow Serving's words. */
import { ServingError } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { VersionEntry } from '../../routing/route-table.js';
import { defaultVersion } from '../../routing/router.js';
import { routeOf, type Model, type Models, type Named } from '../inference-models/models.js';
import { badRequest } from './predict-body.js';

/** What a path names. */
export interface Asked {
  readonly model: string;
  /** As it stands in the path; undefined where there is none. */
  readonly version: string | undefined;
}

/** The signature that is meant where none is named. */
export const defaultSignature = 'serving_default';

export interface ServedVersion {
  readonly name: string;
  readonly entry: VersionEntry;
  /** By name of the signature. */
  readonly signatures: ReadonlyMap<string, MethodRoute>;
}

/** The version as it is asked for; of what has none in the path, or 0, the default one. @throws ServingError */
export function servedVersion(models: Models, asked: Asked): ServedVersion {
  const number = versionNumber(asked);
  const named = models.named(asked.model);
  if (named === undefined) throw models.notFound(notFound(asked));
  const entry = number === 0 ? defaultVersion(named.versions) : named.versions.get(number);
  if (entry === undefined)
    throw new ServingError(
      'VERSION_NOT_FOUND',
      `${notFound(asked)}; expected one of: ${[...named.versions.keys()].join(', ')}`,
    );
  if (!entry.isAvailable)
    throw new ServingError(
      'NO_REPLICA',
      `${notFound(asked)}; no replica of version ${entry.version} is live`,
    );
  return { name: asked.model, entry, signatures: signaturesOf(named, entry) };
}

/** The method to run. @throws ServingError */
export function servedModel(models: Models, asked: Asked, signature: string | undefined): Model {
  const { name, entry, signatures } = servedVersion(models, asked);
  const route = signatures.get(signature ?? defaultSignature);
  if (route === undefined)
    throw badRequest(
      `Serving signature name: "${signature ?? defaultSignature}" not found in signature def; expected one of: ${[...signatures.keys()].join(', ') || 'none'}`,
    );
  return { name, route, entry };
}

/** Methods by their names, and the default one as `serving_default`; of a model that is a method, that method. */
function signaturesOf({ method }: Named, entry: VersionEntry): ReadonlyMap<string, MethodRoute> {
  const own = [...entry.methods].filter(([name]) => method === undefined || name === method);
  const byDefault = routeOf(entry, method);
  return new Map([...(byDefault === undefined ? [] : [[defaultSignature, byDefault] as const]), ...own]);
}

/** @throws ServingError BAD_REQUEST */
export function versionNumber({ version }: Asked): number {
  if (version === undefined) return 0;
  const number = Number(version);
  if (/^\d+$/.test(version) && Number.isSafeInteger(number)) return number;
  throw badRequest(`Failed to convert version: ${version} to numeric.`);
}

function notFound({ model, version }: Asked): string {
  const request = version === undefined ? `Latest(${model})` : `Specific(${model}, ${version})`;
  return `Servable not found for request: ${request}`;
}
