/** serving-worker: options → one servable on one device, or a supervised process for each of several devices. */
import { silenceGrpcJs, ServingError } from '@serving/common';
import { commandOf } from './cli/commands.js';
import { exit, fail } from './cli/exit.js';
import { readConfig } from './cli/read-config.js';
import { runDevices } from './cli/run-devices.js';
import { runWorker } from './cli/run-worker.js';

const [first, ...rest] = process.argv.slice(2);

try {
  silenceGrpcJs();
  const command = commandOf(first);
  if (command !== undefined) exit(await command(rest));
  else {
    const config = readConfig(process.argv.slice(2));
    if (config.device.length > 1) await runDevices(config);
    else await runWorker(config);
  }
} catch (thrown) {
  fail(ServingError.from(thrown));
}
