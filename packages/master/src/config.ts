/** The options of serving-master, as one table: flags, environment, configuration file, help and documentation. */
import {
  automaticDuration,
  automaticInteger,
  choice,
  duration,
  integer,
  integerList,
  logLevels,
  servableNames,
  optionalAddress,
  text,
  toggle,
  type ConfigOf,
} from '@serving/common';
import { pickerNames } from './dispatch/pickers/pickers.js';
import { leaseBoundsMs } from './link/worker-directory.js';

export const masterOptions = {
  grpc: optionalAddress('listen here for gRPC requests: port, host:port or unix:path'),
  rest: optionalAddress('listen here for requests over HTTP: port, host:port or unix:path'),
  restStatusCodes: toggle(
    "answer errors of MindSpore Serving's REST API with HTTP statuses of their own, not with its 200",
  ),
  master: optionalAddress('listen here for workers: port, host:port or unix:path'),
  host: text('host of addresses that are given as a port only', 'host', '127.0.0.1'),
  servable: servableNames(
    'serve these in this process (lightweight): names of folders, separated by commas',
    'names',
    'none',
  ),
  isolation: choice(
    'where servables of --servable run: in threads of this process, or in a supervised process for each device',
    ['thread', 'process'],
    'thread',
  ),
  device: integerList('device ids for --servable, separated by commas', 'ids', [0], [0, 4095]),
  directory: text('folder that holds the servables', 'path', '.'),
  version: integer('version to serve; 0 is the newest there is', 'n', 0, [0, Number.MAX_SAFE_INTEGER]),
  cores: automaticInteger('cores to plan executors with', 'all this process may use', 4096),
  executors: automaticInteger('executor threads per servable', 'one per core, as far as memory allows', 4096),
  maxMessageMb: integer('largest request and reply, in MiB', 'n', 100, [1, 512]),
  maxBatchSize: integer(
    'most instances in a batch; a model with a larger fixed batch size raises it',
    'n',
    64,
    [1, 65_536],
  ),
  maxBatchMb: integer(
    'most payload in a batch, in MiB; one larger instance travels alone',
    'n',
    64,
    [1, 4096],
  ),
  maxQueueInstances: integer(
    'most instances waiting per method; more are refused at once',
    'n',
    100_000,
    [1, 100_000_000],
  ),
  maxQueueMb: integer(
    'most MiB of requests waiting per method; more are refused at once',
    'n',
    1024,
    [1, 1_048_576],
  ),
  maxQueueRequests: integer(
    'most requests waiting per method; more are refused at once',
    'n',
    100_000,
    [1, 100_000_000],
  ),
  maxTotalInstances: integer(
    'most instances waiting of all methods together',
    'n',
    200_000,
    [1, 100_000_000],
  ),
  maxTotalMb: integer('most MiB of requests waiting of all methods together', 'n', 2048, [1, 1_048_576]),
  maxTotalRequests: integer('most requests waiting of all methods together', 'n', 200_000, [1, 100_000_000]),
  maxQueueDelay: automaticDuration(
    'how long an instance may wait for a fuller batch while a worker could run it; 0ms sends what is there',
    'up to 1ms where that pays',
    0,
  ),
  maxBatchTime: automaticDuration(
    'longest time a batch may be predicted to run; it is made smaller instead',
    'any',
  ),
  latencyTarget: automaticDuration(
    'time from arrival to answer to choose batch sizes and delays for',
    'none',
  ),
  late: choice(
    'what is done with work whose deadline leaves less time than an instance is measured to take',
    ['start', 'refuse'],
    'start',
  ),
  picker: choice('how the worker for a batch is chosen', pickerNames, 'fewest-in-flight'),
  lease: duration(
    'how long a worker that sends no heartbeat is believed to live, 100ms to 24h',
    '5s',
    leaseBoundsMs,
  ),
  executionTimeout: duration(
    'longest time a batch may run without finishing an instance before the rest get an error',
    '60s',
  ),
  loadTimeout: duration('longest time loading a servable may take', '2m'),
  shutdownGrace: duration('time that requests in progress get to finish after SIGTERM or SIGINT', '30s'),
  logLevel: choice('least level that is logged, to standard error', logLevels, 'info'),
} as const;

export type MasterConfig = ConfigOf<typeof masterOptions>;
