import { link, type RpcClientStream } from '@serving/common';
import { expect, test } from '@jest/globals';
import type { BatchWork } from '../../src/executors/executor.js';
import { Exchange } from '../../src/link/exchange.js';

type FromMaster = NonNullable<link.ExchangeResponse['message']>;

/** What a replica is told while the master sends this. */
async function told(...messages: readonly FromMaster[]): Promise<string[]> {
  const log: string[] = [];
  async function* bytes() {
    for (const message of messages) yield link.ExchangeResponse.encode({ message }).finish();
  }
  const stream: RpcClientStream = {
    messages: bytes(),
    send: () => Promise.resolve(),
    halfClose: () => undefined,
    cancel: () => undefined,
  };
  const replica = {
    id: 'r',
    servable: 's',
    version: 1,
    executors: 1,
    methods: [],
    isAvailable: true,
    grantTo: () => undefined,
    run: ({ batchId, onDone }: BatchWork) => {
      log.push(`run ${batchId}`);
      onDone();
    },
    cancel: (batchId: number) => log.push(`cancel ${batchId}`),
  };
  await new Exchange(stream, new Map([['r', replica]])).serve();
  return log;
}

/** Half of a batch of four bytes. */
function half(frameId: number, offset: 0 | 2): FromMaster {
  const label =
    offset === 0 ? { replicaId: 'r', method: 'm', batchId: 7 } : { replicaId: '', method: '', batchId: 0 };
  return {
    $case: 'batch',
    value: { frameId, totalBytes: 4, offset, data: new Uint8Array(2), count: 1, ...label },
  };
}

const cancellation: FromMaster = { $case: 'cancellation', value: { replicaId: 'r', batchId: 7 } };

test('a cancellation between two chunks of its batch takes effect once the batch runs', async () => {
  expect(await told(half(1, 0), cancellation, half(1, 2))).toEqual(['run 7', 'cancel 7']);
});

test('one that comes after the batch has ended says nothing of a later batch', async () => {
  expect(await told(half(1, 0), half(1, 2), cancellation, half(2, 0), half(2, 2))).toEqual([
    'run 7',
    'cancel 7',
    'run 7',
  ]);
});
