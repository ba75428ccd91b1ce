/** The path of a request → what it asks for. */
import { ServingError, shortened, type ErrorCode } from '@serving/common';
import type { RequestedSpec } from '../../routing/router.js';

const form = 'expected /model/<servable>[/version/<n>]:<method>';
/** MindSpore Serving's versions are below it over REST. */
const versionBound = 2n ** 32n - 1n;
/** Characters of a path that an error shows. */
const maxShown = 200;

/**
 * `/model/<servable>[/version/<n>]:<method>`, with version and model in either order. Whole segments are keywords, so
 * that names may hold them; other segments count for nothing, as what a proxy puts in front.
 * @param path percent-encoded
 * @throws ServingError UNKNOWN_PATH, BAD_REQUEST
 */
export function parsePath(path: string): RequestedSpec {
  const colon = path.indexOf(':');
  const segments = (colon === -1 ? path : path.slice(0, colon)).split('/');
  const named = new Map<string, string>();
  for (let i = 0; i < segments.length; i++) {
    const keyword = segments[i]!;
    if ((keyword === 'model' || keyword === 'version') && !named.has(keyword))
      named.set(keyword, segments[++i] ?? '');
  }
  const model = named.get('model') ?? '';
  if (model === '') throw refused('UNKNOWN_PATH', 'the keyword:[model] must contain.', path);
  const version = parseVersion(named.get('version'), path);
  const method = colon === -1 ? '' : path.slice(colon + 1);
  if (method === '') throw refused('UNKNOWN_PATH', 'the keyword:[service method] must contain.', path);
  return { servable: decoded(model, path), method: decoded(method, path), version };
}

function parseVersion(given: string | undefined, path: string): bigint {
  if (given === undefined) return 0n;
  if (!/^[+-]?\d+$/.test(given))
    throw refused(
      'BAD_REQUEST',
      `the keyword:[version] value invalid, request version number ${given}`,
      path,
    );
  const version = BigInt(given);
  if (version >= 0n && version < versionBound) return version;
  throw refused('BAD_REQUEST', `version number range failed, request version number ${given}`, path);
}

function decoded(text: string, path: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw refused('BAD_REQUEST', 'expected it percent-encoded in UTF-8', path);
  }
}

function refused(code: ErrorCode, problem: string, path: string): ServingError {
  const shown = shortened(path, maxShown);
  return new ServingError(code, `please check url, ${problem}; ${form}, given ${shown}`);
}
