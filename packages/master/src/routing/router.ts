/** Name, version and method → route, or the reason why not, in MindSpore Serving's words. */
import { ServingError } from '@serving/common';
import type { MethodRoute } from '../call/method-route.js';
import type { RouteTable, VersionEntry } from './route-table.js';

/** What a request asks for. Versions have 64 bits on the wire, and an error names them exactly. */
export interface RequestedSpec {
  readonly servable: string;
  readonly method: string;
  /** 0 is the default version. */
  readonly version: bigint;
}

export class Router {
  readonly #table: RouteTable;
  readonly #awaitsWorkers: () => boolean;

  /** @param awaitsWorkers whether workers may still be about to bring what is unknown */
  constructor(table: RouteTable, awaitsWorkers: () => boolean) {
    this.#table = table;
    this.#awaitsWorkers = awaitsWorkers;
  }

  /** @throws ServingError SERVABLE_NOT_FOUND, VERSION_NOT_FOUND, METHOD_NOT_FOUND or NO_REPLICA */
  route(spec: RequestedSpec): MethodRoute {
    const versions = this.#table.versions(spec.servable);
    if (versions === undefined) throw this.#unknown(spec);
    const entry = spec.version === 0n ? defaultVersion(versions) : versions.get(Number(spec.version));
    if (entry === undefined) {
      throw new ServingError(
        'VERSION_NOT_FOUND',
        `${unavailable(spec)}; expected version 0 or one of: ${list(versions.keys())}`,
      );
    }
    if (!entry.isAvailable)
      throw new ServingError(
        'NO_REPLICA',
        `${unavailable(spec)}; no replica of version ${entry.version} is live`,
      );
    const route = entry.methods.get(spec.method);
    if (route !== undefined) return route;
    throw new ServingError(
      'METHOD_NOT_FOUND',
      `${described(spec)}, method is not available; expected one of: ${list(entry.methods.keys())}`,
    );
  }

  #unknown(spec: RequestedSpec): ServingError {
    const known = list(this.#table.servables());
    if (!this.#awaitsWorkers())
      return new ServingError('SERVABLE_NOT_FOUND', `${unavailable(spec)}; expected one of: ${known}`);
    return new ServingError(
      'NO_REPLICA',
      `${unavailable(spec)}; no worker has registered one by that name yet (registered: ${known}); ` +
        `serving-worker --servable ${spec.servable} --master <cluster address> starts one`,
    );
  }
}

/** The newest version that is live; while none is, the newest. */
export function defaultVersion(newestFirst: ReadonlyMap<number, VersionEntry>): VersionEntry | undefined {
  let newest: VersionEntry | undefined;
  for (const entry of newestFirst.values()) {
    if (entry.isAvailable) return entry;
    newest ??= entry;
  }
  return newest;
}

function unavailable(spec: RequestedSpec): string {
  return `${described(spec)}, servable is not available`;
}

/** MindSpore Serving's way of naming a request, blanks included: clients' tests match on it. */
function described({ servable, method, version }: RequestedSpec): string {
  return `Request servable(${servable}) method(${method}) ${version === 0n ? '' : ` version(${version}) `}`;
}

function list(names: Iterable<string | number>): string {
  return [...names].join(', ') || 'none';
}
