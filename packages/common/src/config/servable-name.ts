/** Options that name servables. */
import { ServingError } from '../errors/serving-error.js';
import type { OptionSpec } from './option.js';

/** The name of a servable, which is that of its folder. @throws ServingError that says how it is given otherwise */
export function parseServableName(given: string): string {
  if (given !== '' && !/[/\\\0]/.test(given) && !given.startsWith('.')) return given;
  const path = given.replace(/[/\\]+$/, '');
  const cut = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
  const [folder, name] = [path.slice(0, cut) || '/', path.slice(cut + 1)];
  const advice =
    cut === -1 || name === '' || name.startsWith('.')
      ? ''
      : `; the folder it is in is named by --directory: ${name}, with --directory ${folder}`;
  throw new ServingError(
    'CONFIG_INVALID',
    `expected the name of a servable, which is that of its folder, given '${given}'${advice}`,
  );
}

/** The one servable to serve; undefined when none is given. */
export function servableName(
  description: string,
  fallbackText: string,
  severalAdvice: string,
): OptionSpec<string | undefined> {
  return {
    description,
    placeholder: 'name',
    fallback: undefined,
    fallbackText,
    parse: (given) => {
      if (given.includes(',')) throw new Error(`one name (${severalAdvice})`);
      return parseServableName(given);
    },
  };
}

/** Names of servables separated by commas. */
export function servableNames(
  description: string,
  placeholder: string,
  fallbackText: string,
): OptionSpec<readonly string[]> {
  return {
    description,
    placeholder,
    fallback: [],
    fallbackText,
    parse: (given) => {
      const names = given.split(',').map((name) => name.trim());
      if (new Set(names).size < names.length)
        throw new Error('names separated by commas, each the name of a folder and given once');
      return names.map(parseServableName);
    },
  };
}
