/** The modules that configurations import, with an answer to names that these do not have. */
import { nearest } from '@serving/common';

/** What loaders look for in a module. */
const asked = new Set(['then', 'toJSON', 'module.exports']);

/** A name that was imported and is not there: its value would be undefined, and the error name no module. */
export class MissingExport extends Error {}

/** @throws MissingExport when something is used that the module does not export */
export function withKnownExports<Module extends object>(name: string, module: Module): Module {
  return new Proxy(module, {
    get(target, key, receiver) {
      // Otherwise loaders make a copy of what there is, which has no answer to the rest.
      if (key === '__esModule') return true;
      if (key === 'default') return receiver as unknown;
      if (typeof key === 'symbol' || key in target || asked.has(key) || key in Object.prototype)
        return Reflect.get(target, key) as unknown;
      const meant = nearest(key, Object.keys(target), '');
      throw new MissingExport(
        `${name} has no ${key}${meant === undefined ? '' : `; did you mean ${meant}?`}`,
      );
    },
  });
}
