import { link, type RpcClientStream } from '@serving/common';
import { expect, test } from '@jest/globals';
import type { CreditSink } from '../../src/credits/credit-account.js';
import type { GrantedWork } from '../../src/credits/replica-share.js';
import { Exchange } from '../../src/link/exchange.js';

type FromMaster = NonNullable<link.ExchangeResponse['message']>;
type FromWorker = NonNullable<link.ExchangeRequest['message']>;

const leaseMs = 3000;

/** A worker's end of the stream with one replica, which logs what it is told; the master says what a test gives. */
function newExchange(...messages: readonly FromMaster[]) {
  const log: string[] = [];
  const sent: FromWorker[] = [];
  let sink: CreditSink | undefined;
  async function* bytes() {
    for (const message of messages) yield link.ExchangeResponse.encode({ message }).finish();
  }
  const stream: RpcClientStream = {
    messages: bytes(),
    send: (message) => {
      sent.push(link.ExchangeRequest.decode(message).message!);
      return Promise.resolve();
    },
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
    share: (given: CreditSink, validMs: number) => {
      sink = given;
      return {
        validMs,
        busy: 2,
        open: () => log.push('open'),
        close: () => log.push('close'),
        demand: (waiting: number) => log.push(`demand ${waiting}`),
        renew: () => log.push('renew'),
        arriving: (creditId: number) => log.push(`arriving ${creditId}`),
        run: ({ batchId, creditId, onDone }: GrantedWork) => {
          log.push(`run ${batchId} for ${creditId}`);
          onDone();
        },
        cancel: (batchId: number, instances?: { first: number; count: number }) =>
          log.push(
            `cancel ${batchId}${instances === undefined ? '' : ` ${instances.first}+${instances.count}`}`,
          ),
        cancelAll: () => log.push('cancel all'),
      };
    },
  };
  const exchange = new Exchange({ stream, replicas: new Map([['r', replica]]), leaseMs });
  return { exchange, replica, log, sent, sink: () => sink! };
}

/** What a replica is told while the master sends this; but for its beginning and its end. */
async function told(...messages: readonly FromMaster[]): Promise<string[]> {
  const { exchange, replica, log } = newExchange(...messages);
  exchange.offer(replica);
  await exchange.serve();
  expect([log[0], ...log.slice(-2)]).toEqual(['open', 'cancel all', 'close']);
  return log.slice(1, -2);
}

/** Half of a batch of four bytes. */
function half(frameId: number, offset: 0 | 2): FromMaster {
  const label =
    offset === 0
      ? { replicaId: 'r', method: 'm', batchId: 7, creditId: 5 }
      : { replicaId: '', method: '', batchId: 0, creditId: 0 };
  return {
    $case: 'batch',
    value: { frameId, totalBytes: 4, offset, data: new Uint8Array(2), count: 1, ...label },
  };
}

const cancellation: FromMaster = {
  $case: 'cancellation',
  value: { replicaId: 'r', batchId: 7, instances: undefined },
};
const partCancellation: FromMaster = {
  $case: 'cancellation',
  value: { replicaId: 'r', batchId: 7, instances: { first: 1, count: 2 } },
};

test('a cancellation between two chunks of its batch takes effect once the batch runs', async () => {
  expect(await told(half(1, 0), cancellation, half(1, 2))).toEqual(['arriving 5', 'run 7 for 5', 'cancel 7']);
});

test('one that comes after the batch has ended says nothing of a later batch', async () => {
  expect(await told(half(1, 0), half(1, 2), cancellation, half(2, 0), half(2, 2))).toEqual([
    'arriving 5',
    'run 7 for 5',
    'cancel 7',
    'arriving 5',
    'run 7 for 5',
  ]);
});

test('what waits at the master reaches the replica', async () => {
  const demand = (replicaId: string): FromMaster => ({ $case: 'demand', value: { replicaId, waiting: 3 } });
  expect(await told(demand('other'), demand('r'))).toEqual(['demand 3']);
});

test('what is granted, recalled and wanted reaches the master, until the stream ends', async () => {
  const { exchange, replica, sent, sink } = newExchange();
  exchange.offer(replica);
  sink().grant(2 ** 40, 6000);
  sink().recall(1);
  sink().wantDemand(true);
  await exchange.serve();
  sink().recall(2);
  expect(sent).toEqual([
    { $case: 'grant', value: { replicaId: 'r', creditId: 2 ** 40, validMs: 6000 } },
    { $case: 'recall', value: { replicaId: 'r', creditId: 1 } },
    { $case: 'demandRequest', value: { replicaId: 'r', isWanted: true } },
  ]);
});

test('a heartbeat renews the credits of replicas that were offered, for two leases', () => {
  const { exchange, replica, log } = newExchange();
  expect(exchange.load()).toEqual([]);
  exchange.offer(replica);
  expect(exchange.load()).toEqual([{ replicaId: 'r', busy: 2, creditsValidMs: 2 * leaseMs }]);
  expect(log).toEqual(['open', 'renew']);
});

test('a batch for a replica that was not offered yet is returned', async () => {
  const { exchange, log, sent } = newExchange(half(1, 0), half(1, 2));
  await exchange.serve();
  expect([log, sent]).toEqual([[], [{ $case: 'returned', value: { replicaId: 'r', batchId: 7 } }]]);
});

test('a replica that the master has taken anew is opened again, not twice', () => {
  const { exchange, replica, log } = newExchange();
  exchange.offer(replica);
  exchange.offer(replica);
  expect([exchange.load().length, log]).toEqual([1, ['open', 'open', 'renew']]);
});

test('a cancellation of some instances reaches the replica, also between two chunks of their batch', async () => {
  const [first, second] = [half(1, 0), half(1, 2)];
  expect(await told(first, partCancellation, cancellation, second, partCancellation)).toEqual([
    'arriving 5',
    'run 7 for 5',
    'cancel 7 1+2',
    'cancel 7',
    'cancel 7 1+2',
  ]);
});
