/** Options as data: one table per process gives its flags, environment variables, file keys, help and documentation. */
import { isDeepStrictEqual } from 'node:util';
import { parseAddress, parseAddresses } from '../rpc/address.js';
import { formatDuration, parseDuration } from './duration.js';

export interface OptionSpec<T> {
  /** What the help shows after the flag, for instance `address`. */
  readonly placeholder: string;
  readonly description: string;
  /** The value when nothing is given; undefined means the option is off. */
  readonly fallback: T;
  /** How the default is shown; the value itself when absent. */
  readonly fallbackText?: string;
  /** What the flag means when it is given without a value; undefined where it must have one. */
  readonly bare?: string;
  /** Reads a given value. @throws Error whose message says what was expected */
  readonly parse: (text: string) => T;
}

/** Options by their camelCase key: `maxMessageMb` is `--max-message-mb`, `SERVING_MAX_MESSAGE_MB`, `maxMessageMb:`. */
export type OptionTable = Readonly<Record<string, OptionSpec<unknown>>>;

export type ConfigOf<Table extends OptionTable> = {
  readonly [Key in keyof Table]: Table[Key] extends OptionSpec<infer T> ? T : never;
};

/** The options of a configuration that differ from their defaults: what a log is to say of a start. */
export function changedOptions<Table extends OptionTable>(
  table: Table,
  config: ConfigOf<Table>,
): Partial<ConfigOf<Table>> {
  const changed = Object.entries(config).filter(
    ([key, value]) => !isDeepStrictEqual(value, table[key]?.fallback),
  );
  return Object.fromEntries(changed) as Partial<ConfigOf<Table>>;
}

export function flagOf(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What names of environment variables begin with. */
export const variablePrefix = 'SERVING_';

export function environmentNameOf(key: string): string {
  return `${variablePrefix}${key.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}

/** The flag and its value, as help and docs/configuration.md show it. */
export function usageOf(key: string, { placeholder, bare }: OptionSpec<unknown>): string {
  return `${flagOf(key)} ${bare === undefined ? `<${placeholder}>` : `[${placeholder}]`}`;
}

export function text(description: string, placeholder: string, fallback: string): OptionSpec<string> {
  return { description, placeholder, fallback, parse: (given) => given };
}

/** Something that is off unless the flag is there, or `true` is given. */
export function toggle(description: string): OptionSpec<boolean> {
  return {
    description,
    placeholder: 'boolean',
    fallback: false,
    bare: 'true',
    parse: (given) => {
      if (given !== 'true' && given !== 'false') throw new Error('true or false');
      return given === 'true';
    },
  };
}

export function integer(
  description: string,
  placeholder: string,
  fallback: number,
  [least, most]: [number, number],
): OptionSpec<number> {
  return { description, placeholder, fallback, parse: (given) => parseInteger(given, least, most) };
}

/** A whole number that is worked out from the machine when it is not given. */
export function automaticInteger(
  description: string,
  fallbackText: string,
  most: number,
): OptionSpec<number | undefined> {
  return {
    description,
    placeholder: 'n',
    fallback: undefined,
    fallbackText,
    parse: (given) => parseInteger(given, 1, most),
  };
}

function parseInteger(given: string, least: number, most: number): number {
  const value = Number(given) + 0; // -0 is 0
  if (!/^-?\d+$/.test(given) || value < least || value > most)
    throw new Error(`a whole number from ${least} to ${most}`);
  return value;
}

/** Whole numbers separated by commas, each given once. */
export function integerList(
  description: string,
  placeholder: string,
  fallback: readonly number[],
  [least, most]: [number, number],
): OptionSpec<readonly number[]> {
  return {
    description,
    placeholder,
    fallback,
    fallbackText: fallback.join(','),
    parse: (given) => {
      const numbers = given.split(',').map((part) => parseInteger(part.trim(), least, most));
      if (new Set(numbers).size < numbers.length)
        throw new Error(`whole numbers from ${least} to ${most} separated by commas, each given once`);
      return numbers;
    },
  };
}

/** A text that is made up when it is not given. */
export function automaticText(
  description: string,
  placeholder: string,
  fallbackText: string,
): OptionSpec<string | undefined> {
  return { description, placeholder, fallback: undefined, fallbackText, parse: (given) => given };
}

/** Milliseconds, written with a unit: `250ms`, `30s`, `5m`. @param range least and most, in milliseconds */
export function duration(
  description: string,
  fallback: string,
  range: readonly [number, number] = [0, Infinity],
): OptionSpec<number> {
  return {
    description,
    placeholder: 'duration',
    fallback: parseDuration(fallback),
    fallbackText: fallback,
    parse: (given) => parseWithin(given, range),
  };
}

const dayMs = 86_400_000;

/** A duration up to 24h that is off, or worked out, when it is not given. @param least in milliseconds */
export function automaticDuration(
  description: string,
  fallbackText: string,
  least = 1,
): OptionSpec<number | undefined> {
  return {
    description,
    placeholder: 'duration',
    fallback: undefined,
    fallbackText,
    parse: (given) => parseWithin(given, [least, dayMs]),
  };
}

function parseWithin(given: string, [least, most]: readonly [number, number]): number {
  const milliseconds = parseDuration(given);
  if (milliseconds < least || milliseconds > most)
    throw new Error(`a duration from ${formatDuration(least)} to ${formatDuration(most)}`);
  return milliseconds;
}

export function choice<const T extends string>(
  description: string,
  choices: readonly T[],
  fallback: T,
): OptionSpec<T> {
  return {
    description: `${description}: ${choices.join(', ')}`,
    placeholder: 'name',
    fallback,
    parse: (given) => {
      const found = choices.find((candidate) => candidate === given);
      if (found === undefined) throw new Error(`one of ${choices.join(', ')}`);
      return found;
    },
  };
}

/** An address that is off when not given. It is completed with the host option later, so only its form is checked. */
export function optionalAddress(description: string): OptionSpec<string | undefined> {
  return {
    description,
    placeholder: 'address',
    fallback: undefined,
    fallbackText: 'off',
    parse: (given) => {
      parseAddress(given);
      return given;
    },
  };
}

/** Addresses to connect to, separated by commas. */
export function addressList(description: string, fallback: string): OptionSpec<readonly string[]> {
  return {
    description,
    placeholder: 'addresses',
    fallback: [fallback],
    fallbackText: fallback,
    parse: (given) => {
      const addresses = given.split(',').map((address) => address.trim());
      if (parseAddresses(addresses).some((address) => address.endsWith(':0')))
        throw new Error('addresses with a port from 1 to 65535');
      return addresses;
    },
  };
}
