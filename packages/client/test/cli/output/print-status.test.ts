import { expect, test } from '@jest/globals';
import { statusJson, statusTable } from '../../../src/cli/output/print-status.js';
import type { ClusterStatus, WorkerStatus } from '../../../src/cluster-status.js';

const worker: WorkerStatus = {
  workerId: 'left',
  epoch: 1,
  deviceType: 'cpu',
  deviceId: 0,
  host: 'node-1',
  pid: 47,
  replicas: [],
  heartbeatAgeMs: 1250,
};
const numbers = { executors: 2, credits: 3, inFlight: 1 };
const status: ClusterStatus = {
  release: '0.1.0',
  leaseMs: 5000,
  workers: [
    {
      ...worker,
      replicas: [
        { replicaId: 'a', servable: 'add', version: 2, state: 'AVAILABLE', ...numbers },
        { replicaId: 'b', servable: 'mul', version: 1, state: 'LOADING', ...numbers },
      ],
    },
    { ...worker, workerId: 'right', deviceType: 'cuda', deviceId: 1, heartbeatAgeMs: 0 },
  ],
  methods: [
    { servable: 'add', version: 2, method: 'add_common', waiting: 7 },
    { servable: 'add', version: 1, method: 'add_common', waiting: 0 },
    { servable: 'mul', version: 1, method: 'mul', waiting: 0 },
  ],
};

test('shows one row a replica, one a worker without replicas, and one a queue', () => {
  expect(statusTable(status)).toBe(
    [
      'Master release 0.1.0, lease 5000 ms',
      '',
      'WORKER  DEVICE  HOST    PID  HEARTBEAT  SERVABLE  VERSION  STATE      EXECUTORS  CREDITS  IN-FLIGHT',
      'left    cpu:0   node-1  47   1250ms     add       2        AVAILABLE  2          3        1',
      'left    cpu:0   node-1  47   1250ms     mul       1        LOADING    2          3        1',
      'right   cuda:1  node-1  47   0ms        -         -        -          -          -        -',
      '',
      'SERVABLE  VERSION  METHOD      WAITING  REPLICAS',
      'add       2        add_common  7        1',
      'add       1        add_common  0        none, requests are refused',
      'mul       1        mul         0        none, requests are refused',
      '',
    ].join('\n'),
  );
});

test("shows a dash where the master's own process has no heartbeat", () => {
  const { heartbeatAgeMs: _, ...own } = worker;
  expect(statusTable({ ...status, workers: [own] })).toMatch(/^left +cpu:0 +node-1 +47 +- +-/m);
});

test('says so when there is nothing to show', () => {
  expect(statusTable({ ...status, release: '', workers: [], methods: [] })).toBe(
    'Master release unknown, lease 5000 ms\n\nNo workers. To start one: serving-worker --servable <name> --directory <folder that holds it> --master <this address>\n\nNo queues.\n',
  );
});

test('lets no control character through to the terminal', () => {
  const replica = {
    replicaId: 'a',
    servable: 'a\u001b[2J',
    version: 1,
    state: 'AVAILABLE',
    ...numbers,
  } as const;
  const table = statusTable({
    ...status,
    release: '\u0007',
    workers: [{ ...worker, workerId: 'a\nb', host: '\u009b', deviceType: '\u001b', replicas: [replica] }],
    methods: [{ servable: '\u001b', version: 1, method: '\r', waiting: 0 }],
  });
  expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
});

test('JSON is one line', () => {
  const text = statusJson(status);
  expect(text.indexOf('\n')).toBe(text.length - 1);
  expect(JSON.parse(text)).toEqual(status);
});
