/** Configuration: flags > environment > YAML file > defaults. All problems are reported together. */
import { readFileSync } from 'node:fs';
import { CommanderError, Option, type Command } from 'commander';
import { parse as parseYaml } from 'yaml';
import { ServingError } from '../errors/serving-error.js';
import { firstLine } from '../errors/thrown-text.js';
import { nearest } from './nearest.js';
import {
  environmentNameOf,
  flagOf,
  usageOf,
  variablePrefix,
  type ConfigOf,
  type OptionSpec,
  type OptionTable,
} from './option.js';

export interface ConfigSource {
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Options of a program that shares the configuration file: they are left to it. @default none */
  readonly beside?: OptionTable;
  /** Printed, and the process ended, when `--version` is given last and without a value. @default not at all */
  readonly release?: string;
  /** Takes a line on something that is odd but may be meant. @default writes it to standard error */
  readonly warn?: (line: string) => void;
}

interface Given {
  readonly value: string;
  /** Where it was given, for messages. */
  readonly where: string;
}

/** Adds every option of the table, and `--config`, to a command. */
export function addOptions(command: Command, table: OptionTable): Command {
  for (const [key, spec] of Object.entries(table)) {
    const option = new Option(usageOf(key, spec), helpText(key, spec));
    command.addOption(spec.bare === undefined ? option : option.preset(spec.bare));
  }
  return command.addOption(
    new Option(
      '--config <file>',
      'YAML file with any of these options by their camelCase name [env: SERVING_CONFIG]',
    ),
  );
}

function helpText(key: string, spec: OptionSpec<unknown>): string {
  return `${spec.description} (default: ${fallbackText(spec)}) [env: ${environmentNameOf(key)}]`;
}

/** The default as help and docs/configuration.md show it. */
export function fallbackText(spec: OptionSpec<unknown>): string {
  return spec.fallbackText ?? String(spec.fallback);
}

/** @throws ServingError CONFIG_INVALID listing every problem, one a line */
export function loadConfig<Table extends OptionTable>(
  command: Command,
  table: Table,
  source: ConfigSource,
): ConfigOf<Table> {
  if (source.release !== undefined && source.argv.at(-1) === '--version') printRelease(source.release);
  const problems: string[] = [];
  const { flags, advice } = readFlags(addOptions(command, table), source.argv, problems);
  const env = givenVariables(source.env);
  warnOfUnknown(env, command, table, source.warn);
  const file = readConfigFile(
    flags['config'] ?? env['SERVING_CONFIG'],
    { ...source.beside, ...table },
    problems,
  );
  const config: Record<string, unknown> = {};
  for (const [key, spec] of Object.entries(table)) {
    const given = firstGiven([
      { value: flags[key], where: flagOf(key) },
      { value: env[environmentNameOf(key)], where: environmentNameOf(key) },
      { value: file[key], where: `${key} in the configuration file` },
    ]);
    config[key] = given === undefined ? spec.fallback : parseGiven(spec, given, problems);
  }
  if (problems.length > 0) throw new ServingError('CONFIG_INVALID', [...problems, ...advice].join('\n'));
  return Object.freeze(config) as ConfigOf<Table>;
}

/** As --help does. */
function printRelease(release: string): never {
  process.stdout.write(`${release}\n`);
  process.exit(0);
}

/** The SERVING_… variables. Compose files and shells set one to nothing to say that it is not given. */
function givenVariables(env: ConfigSource['env']): ConfigSource['env'] {
  return Object.fromEntries(
    Object.entries(env).filter(([name, value]) => name.startsWith(variablePrefix) && value !== ''),
  );
}

/**
 * No mistake: a variable may be for another program that is started with the same environment. One line for all that
 * resemble nothing, since these mostly are.
 */
function warnOfUnknown(
  env: ConfigSource['env'],
  command: Command,
  table: OptionTable,
  warn: (line: string) => void = (line) => void process.stderr.write(`${line}\n`),
): void {
  const known = ['SERVING_CONFIG', ...Object.keys(table).map(environmentNameOf)];
  const program = command.name();
  const foreign: string[] = [];
  for (const name of Object.keys(env)) {
    if (known.includes(name)) continue;
    const meant = nearest(name, known, variablePrefix);
    if (meant === undefined) foreign.push(name);
    else warn(`${program}: warning: ${name} is no variable of ${program}; did you mean ${meant}?`);
  }
  if (foreign.length > 0) warn(`${program}: warning: no variables of ${program}: ${foreign.join(', ')}`);
}

/** Commander would end the process with code 1 at the first flag it does not know; help and version still do with 0. */
function readFlags(command: Command, argv: readonly string[], problems: string[]) {
  const advice: string[] = [];
  command.exitOverride((error) => {
    if (error.exitCode !== 0) throw error;
  });
  command.configureOutput({
    outputError: () => undefined,
    writeErr: (text) => void advice.push(text.trim()),
  });
  try {
    command.parse([...argv], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    problems.push(
      error.code === 'commander.excessArguments' ? surplus(command) : error.message.replace(/^error: /, ''),
    );
  }
  return { flags: command.opts<Record<string, string | undefined>>(), advice };
}

/** Commander says how many arguments are too many, not which. */
function surplus({ args, registeredArguments }: Command): string {
  const given = args.slice(registeredArguments.length).map((argument) => `'${argument}'`);
  const expected = registeredArguments.map((argument) => `<${argument.name()}> and `).join('');
  return `expected ${expected}options, given ${given.join(' and ')} beside them`;
}

function firstGiven(candidates: readonly { value: string | undefined; where: string }[]): Given | undefined {
  return candidates.find((candidate): candidate is Given => candidate.value !== undefined);
}

function parseGiven(spec: OptionSpec<unknown>, given: Given, problems: string[]): unknown {
  try {
    return spec.parse(given.value);
  } catch (error) {
    problems.push(
      error instanceof ServingError
        ? `${given.where}: ${error.message}`
        : `${given.where}: expected ${firstLine(error)}, given '${given.value}'`,
    );
    return undefined;
  }
}

function readConfigFile(
  path: string | undefined,
  table: OptionTable,
  problems: string[],
): Record<string, string> {
  if (path === undefined) return {};
  const parsed = parseFile(path, problems);
  if (parsed === undefined || parsed === null) return {};
  if (typeof parsed !== 'object' || Array.isArray(parsed)) {
    problems.push(
      `${path}: expected a map of options, given ${Array.isArray(parsed) ? 'a list' : typeof parsed}`,
    );
    return {};
  }
  const values: Record<string, string> = {};
  for (const [key, value] of Object.entries(parsed)) {
    if (!Object.hasOwn(table, key)) {
      problems.push(`${path}: unknown option '${key}'; expected one of ${Object.keys(table).join(', ')}`);
      continue;
    }
    const items: unknown[] = Array.isArray(value) ? value : [value];
    if (items.every((item) => typeof item === 'string')) values[key] = items.join(',');
    else if (value !== null)
      problems.push(`${key} in the configuration file: expected a value or a list of values`);
  }
  return values;
}

function parseFile(path: string, problems: string[]): unknown {
  try {
    // Values stay as they are written: the folder 007 must not become 7, nor the version 1.10 become 1.1.
    return parseYaml(readFileSync(path, 'utf8'), { schema: 'failsafe', customTags: ['null'] });
  } catch (error) {
    problems.push(`configuration file ${path}${fileMistake(error)}`);
    return undefined;
  }
}

const readMistakes: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  ENOTDIR: 'there is no such file',
  EISDIR: 'it is a folder',
  EACCES: 'permission denied',
};

/** What follows the file's name: `:3:5: what is wrong` for a place in it, else `: what is wrong`. */
function fileMistake(error: unknown): string {
  const { code = '' } = error as NodeJS.ErrnoException;
  const text = firstLine(error);
  const place = /^(.*) at line (\d+), column (\d+):?$/.exec(text);
  if (place !== null) return `:${place[2]}:${place[3]}: is no YAML: ${place[1]}`;
  return `: ${readMistakes[code] ?? text}`;
}
