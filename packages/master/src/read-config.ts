/** The command line of serving-master: its options, and what they mean together. */
import { loadConfig, parseAddress, ServingError } from '@serving/common';
import { Command } from 'commander';
import { masterOptions, type MasterConfig } from './config.js';
import { release } from './release.js';

const example = `
Examples:
  serving-master --grpc 5500 --servable add --directory examples/add
  serving-master --grpc 5500 --rest 1500 --master 6500

serving-master --version alone prints the release.

Exit codes: 2 options that make no sense, 3 a servable that cannot be loaded, 4 an address that is not free.`;

/** @throws ServingError CONFIG_INVALID listing every problem */
export function readConfig(argv: readonly string[]): MasterConfig {
  const command = new Command('serving-master')
    .description('Takes inference requests, batches them and routes them to workers.')
    .addHelpText('after', example)
    .showHelpAfterError('(serving-master --help lists the options)');
  const config = loadConfig(command, masterOptions, {
    argv,
    env: process.env,
    release,
  });
  const problems = problemsOf(config);
  if (problems.length > 0) throw new ServingError('CONFIG_INVALID', problems.join('\n'));
  return config;
}

/** What each option by itself cannot tell. */
function problemsOf(config: MasterConfig): string[] {
  const { grpc, rest, master, servable, isolation, device } = config;
  const problems: string[] = [];
  if (grpc === undefined && rest === undefined)
    problems.push('--grpc or --rest: expected an address to listen on, such as 5500; given neither');
  if (servable.length === 0 && master === undefined) {
    problems.push(
      '--servable or --master: expected the name of a servable to serve in this process, or an address to listen on for workers; given neither',
    );
  }
  problems.push(...sharedAddresses(config));
  if (servable.length > 0) return problems;
  const alone = 'expected --servable with it, since it is for servables of this process; given none';
  if (isolation !== 'thread') problems.push(`--isolation ${isolation}: ${alone}`);
  if (device.length > 1)
    problems.push(`--device ${device.join(',')}: ${alone}; workers have a --device of their own`);
  return problems;
}

/** Two ports cannot listen on one address. */
function sharedAddresses({ host, ...config }: MasterConfig): string[] {
  const given = (['grpc', 'rest', 'master'] as const).flatMap((key) => {
    const address = config[key];
    return address === undefined ? [] : [{ flag: `--${key}`, address: parseAddress(address, host) }];
  });
  return given.flatMap(({ flag, address }, index) => {
    const other = given.slice(0, index).find((earlier) => earlier.address === address);
    // Port 0 is another one each time.
    return other === undefined || address.endsWith(':0')
      ? []
      : [`${other.flag} and ${flag}: expected two addresses, given ${address} for both`];
  });
}
