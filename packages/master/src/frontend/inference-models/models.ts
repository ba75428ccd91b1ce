/**
 * Models of the Open Inference Protocol ⇄ methods of servables: `<servable>.<method>`, or `<servable>` for its default
 * method. An exact name of a servable goes first; otherwise the last dot parts servable and method.
 */
import { ServingError, type MethodSignature } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { RouteTable, VersionEntry } from '../../routing/route-table.js';
import { defaultVersion } from '../../routing/router.js';

/** A method of one version, under a name that clients may call it by. */
export interface Model {
  readonly name: string;
  readonly route: MethodRoute;
  readonly entry: VersionEntry;
}

type Versions = ReadonlyMap<number, VersionEntry>;

/** What a name stands for, in whichever version. */
export interface Named {
  readonly servable: string;
  /** Newest first. */
  readonly versions: Versions;
  /** Undefined for the default one. */
  readonly method: string | undefined;
}

export class Models {
  readonly #table: RouteTable;
  readonly #awaitsWorkers: () => boolean;

  /** @param awaitsWorkers whether workers may still be about to bring what is unknown */
  constructor(table: RouteTable, awaitsWorkers: () => boolean) {
    this.#table = table;
    this.#awaitsWorkers = awaitsWorkers;
  }

  /**
   * The model that a request can be sent to.
   * @param version as clients write it: empty or `0` for the default version
   * @throws ServingError in Triton's words: BAD_REQUEST for what is no version, SERVABLE_, VERSION_ or METHOD_NOT_FOUND,
   * NO_REPLICA
   */
  ready(name: string, version: string): Model {
    const model = this.find(name, version);
    if (model.entry.isAvailable) return model;
    throw new ServingError(
      'NO_REPLICA',
      `Request for unknown model: '${name}' version ${model.entry.version} is not at ready state; no replica of it is live`,
    );
  }

  /** As `ready`, whether or not a replica of it is live. */
  find(name: string, version: string): Model {
    const number = versionNumber(version);
    const named = this.named(name);
    if (named === undefined) throw this.notFound(unknown(name));
    const entry = number === 0 ? defaultVersion(named.versions) : named.versions.get(number);
    if (entry === undefined)
      throw new ServingError(
        'VERSION_NOT_FOUND',
        `Request for unknown model: '${name}' version ${version} is not found; expected one of: ${[...named.versions.keys()].join(', ')}`,
      );
    const route = routeOf(entry, named.method);
    if (route !== undefined) return { name, route, entry };
    const why = named.method === undefined ? 'no method of the servable is its default; ' : '';
    const known = [...entry.methods.keys()].map((method) => `${named.servable}.${method}`);
    throw new ServingError(
      'METHOD_NOT_FOUND',
      `${unknown(name)}; ${why}expected one of: ${known.join(', ')}`,
    );
  }

  /** No servable is called so; where workers are still on their way, not yet. @param text in the protocol's words */
  notFound(text: string): ServingError {
    return this.#awaitsWorkers()
      ? new ServingError('NO_REPLICA', `${text}; no worker has registered it yet: expected ${this.known}`)
      : new ServingError('SERVABLE_NOT_FOUND', `${text}; expected ${this.known}`);
  }

  /** The servable that a name stands for, and the method; undefined when no servable is called so. */
  named(name: string): Named | undefined {
    const exact = this.#table.versions(name);
    if (exact !== undefined) return { servable: name, versions: exact, method: undefined };
    const dot = name.lastIndexOf('.');
    if (dot === -1) return undefined;
    const servable = name.slice(0, dot);
    const versions = this.#table.versions(servable);
    return versions === undefined ? undefined : { servable, versions, method: name.slice(dot + 1) };
  }

  /** Whether a servable, or a model, can be run now; undefined when there is none of this name. */
  isServed(name: string): boolean | undefined {
    const named = this.named(name);
    const { method } = named ?? {};
    const entries = [...(named?.versions.values() ?? [])].filter(
      ({ methods }) => method === undefined || methods.has(method),
    );
    return entries.length === 0 ? undefined : entries.some(({ isAvailable }) => isAvailable);
  }

  /** Every version of the model that has it, oldest first. */
  versions(name: string): Model[] {
    const named = this.named(name);
    return [...(named?.versions.values() ?? [])].toReversed().flatMap((entry) => {
      const route = routeOf(entry, named?.method);
      return route === undefined ? [] : [{ name, route, entry }];
    });
  }

  /**
   * Every model in every version: a servable's default method under the servable's name, and when there is more than one
   * method each of them under its own.
   */
  all(): Model[] {
    const models: Model[] = [];
    for (const [servable, entry] of this.#table.entries()) {
      const byDefault = routeOf(entry, undefined);
      if (byDefault !== undefined) models.push({ name: servable, route: byDefault, entry });
      if (entry.methods.size === 1) continue;
      for (const [method, route] of entry.methods)
        models.push({ name: `${servable}.${method}`, route, entry });
    }
    return models;
  }

  /** The names that there are, as an error lists them. */
  get known(): string {
    const names = [...new Set(this.all().map(({ name }) => name))];
    return names.length === 0 ? 'a model to be there: there is none' : `one of: ${names.join(', ')}`;
  }
}

function unknown(name: string): string {
  return `Request for unknown model: '${name}' is not found`;
}

/** @throws ServingError BAD_REQUEST */
function versionNumber(version: string): number {
  if (version === '') return 0;
  const number = Number(version);
  if (/^\d+$/.test(version) && Number.isSafeInteger(number)) return number;
  throw new ServingError(
    'BAD_REQUEST',
    `failed to get model version from specified version string '${version}' (details: expected a whole number, or nothing for the default version)`,
  );
}

/** @param method undefined for the default one */
export function routeOf({ methods }: VersionEntry, method: string | undefined): MethodRoute | undefined {
  return method === undefined ? defaultMethod(methods) : methods.get(method);
}

/** The shortest name of a method of `entry`. */
export function modelName(servable: string, entry: VersionEntry, method: string): string {
  return defaultMethod(entry.methods)?.method.name === method ? servable : `${servable}.${method}`;
}

/** The declared one, else the only one, else `predict`. */
function defaultMethod(methods: ReadonlyMap<string, MethodRoute>): MethodRoute | undefined {
  const routes = [...methods.values()];
  const declared = routes.find(({ method }: { method: MethodSignature }) => method.isDefault === true);
  return declared ?? (routes.length === 1 ? routes[0] : methods.get('predict'));
}
