import { loadConfig, ServingError } from '@serving/common';
import { Command } from 'commander';
import { release } from '../release.js';
import { workerOptions, type WorkerConfig } from '../config.js';

const help = `
Commands, each with a --help of its own:
  serving-worker check <servable>    loads a servable without serving it, and says what it is
  serving-worker tune <servable>     measures which plan of executors and batches serves it best
  serving-worker encrypt             encrypts a model file
  serving-worker health              whether the workers of this host serve, for container checks

Examples:
  serving-worker --servable add --directory examples/add
  serving-worker --servable add --device 0,1 --master 10.0.0.5:6500

serving-worker --version alone prints the release.

Exit codes: 2 options that make no sense, 3 a servable that cannot be loaded, 5 refused by the master.`;

/** @throws ServingError CONFIG_INVALID listing every problem */
export function readConfig(argv: readonly string[]): WorkerConfig & { readonly servable: string } {
  const command = new Command('serving-worker')
    .description('Loads a servable on a device and runs its methods for a master.')
    .addHelpText('after', help)
    .showHelpAfterError('(serving-worker --help lists the options)');
  const config = loadConfig(command, workerOptions, { argv, env: process.env, release });
  const { servable } = config;
  if (servable === undefined || servable === '')
    throw new ServingError('CONFIG_INVALID', '--servable: expected the name of a servable; given none');
  return { ...config, servable };
}
