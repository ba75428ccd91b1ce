/** serving-worker: options → one servable on one device, or a supervised process for each of several devices. */
import { silenceGrpcJs, ServingError } from '@serving/common';
import { runCheck } from './cli/check-command.js';
import { runEncrypt } from './cli/encrypt-command.js';
import { runHealth } from './cli/health-command.js';
import { exit, fail } from './cli/exit.js';
import { readConfig } from './cli/read-config.js';
import { runDevices } from './cli/run-devices.js';
import { runTune } from './cli/tune-command.js';
import { runWorker } from './cli/run-worker.js';

const [first, ...rest] = process.argv.slice(2);

try {
  silenceGrpcJs();
  if (first === 'health') exit(await runHealth(rest));
  else if (first === 'check') exit(await runCheck(rest));
  else if (first === 'tune') exit(await runTune(rest));
  else if (first === 'encrypt') exit(runEncrypt(rest));
  else {
    const config = readConfig(process.argv.slice(2));
    if (config.device.length > 1) await runDevices(config);
    else await runWorker(config);
  }
} catch (thrown) {
  fail(ServingError.from(thrown));
}
