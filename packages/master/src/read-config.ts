/** The command line of serving-master: its options, and what they mean together. */
import { loadConfig, parseAddress, ServingError } from '@serving/common';
import { Command } from 'commander';
import { masterOptions, type MasterConfig } from './config.js';
import { release } from './release.js';

const example = `
Examples:
  serving-master --grpc 5500 --servable add --directory examples/add
  serving-master --grpc 5500 --master 6500

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
  const { grpc, master, host, servable, isolation, device } = config;
  const problems: string[] = [];
  if (grpc === undefined) problems.push('--grpc: expected an address to listen on, such as 5500; given none');
  if (servable.length === 0 && master === undefined) {
    problems.push(
      '--servable or --master: expected the name of a servable to serve in this process, or an address to listen on for workers; given neither',
    );
  }
  if (grpc !== undefined && master !== undefined) {
    const address = parseAddress(grpc, host);
    // Port 0 is another one each time.
    if (address === parseAddress(master, host) && !address.endsWith(':0'))
      problems.push(`--grpc and --master: expected two addresses, given ${address} for both`);
  }
  if (servable.length > 0) return problems;
  const alone = 'expected --servable with it, since it is for servables of this process; given none';
  if (isolation !== 'thread') problems.push(`--isolation ${isolation}: ${alone}`);
  if (device.length > 1)
    problems.push(`--device ${device.join(',')}: ${alone}; workers have a --device of their own`);
  return problems;
}
