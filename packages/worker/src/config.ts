/** The options of serving-worker, as one table: flags, environment, configuration file, help and documentation. */
import {
  addressList,
  automaticInteger,
  automaticText,
  choice,
  duration,
  integer,
  integerList,
  logLevels,
  servableName,
  text,
  type ConfigOf,
} from '@serving/common';
import { deviceTypes } from './sessions/execution-providers.js';

export const workerOptions = {
  servable: servableName(
    'servable to serve: the name of its folder',
    'must be given',
    'a worker serves one servable; start another worker for another one',
  ),
  master: addressList(
    'cluster address of the master: port, host:port or unix:path; with several, separated by commas, it serves all',
    '127.0.0.1:6500',
  ),
  directory: text('folder that holds the servable', 'path', '.'),
  version: integer('version to serve; 0 is the newest there is', 'n', 0, [0, Number.MAX_SAFE_INTEGER]),
  device: integerList(
    'device ids, separated by commas; with several, one process each',
    'ids',
    [0],
    [0, 4095],
  ),
  deviceType: choice('what models run on', deviceTypes, 'cpu'),
  id: automaticText(
    'name of this worker, unique in its cluster',
    'name',
    'made of servable, device, host and process',
  ),
  cores: automaticInteger('cores to plan executors with', 'all this process may use', 4096),
  executors: automaticInteger('executor threads', 'one per core, as far as memory allows', 4096),
  executionTimeout: duration(
    'longest time a batch may run without finishing an instance before the rest get an error',
    '60s',
  ),
  loadTimeout: duration('longest time loading the servable may take', '2m'),
  shutdownGrace: duration('time that batches in progress get to finish after SIGTERM or SIGINT', '30s'),
  logLevel: choice('least level that is logged, to standard error', logLevels, 'info'),
} as const;

export type WorkerConfig = ConfigOf<typeof workerOptions>;
