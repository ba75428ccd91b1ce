/** The commands of serving-worker beside serving itself. */
import { nearest, ServingError } from '@serving/common';
import { runCheck } from './check-command.js';
import { runEncrypt } from './encrypt-command.js';
import { runHealth } from './health-command.js';
import { runTune } from './tune-command.js';

/** Each takes the arguments after its name and gives the exit code. */
type Command = (argv: readonly string[]) => number | Promise<number>;

const commands: ReadonlyMap<string, Command> = new Map<string, Command>([
  ['check', runCheck],
  ['tune', runTune],
  ['encrypt', runEncrypt],
  ['health', runHealth],
]);

/**
 * The command that the arguments begin with; undefined when they begin with an option, or with nothing.
 * @throws ServingError CONFIG_INVALID for one that there is not
 */
export function commandOf(first: string | undefined): Command | undefined {
  if (first === undefined || first.startsWith('-')) return undefined;
  const command = commands.get(first);
  if (command !== undefined) return command;
  const names = [...commands.keys()];
  const meant = nearest(first, names, '');
  const advice =
    meant === undefined
      ? `expected ${names.join(', ')}, or options such as --servable ${first}`
      : `did you mean '${meant}'?`;
  throw new ServingError('CONFIG_INVALID', `unknown command '${first}'; ${advice}`);
}
