import { expect, test } from '@jest/globals';
import type { CreditListener, LocalWork } from '../../src/local-replica.js';
import { BusyReplica, type Replica } from '../../src/tuning/busy-replica.js';
import { block, floatColumn } from '../execution/batch.js';

/** Gives a batch back, answered, in a turn of its own, and grants the next credit. */
class QuickReplica implements Replica {
  readonly servable = 's';
  readonly version = 1;
  readonly executors: number;
  sent = 0;
  #listener: CreditListener | undefined;
  #credits = 0;

  constructor(executors: number) {
    this.executors = executors;
  }

  grantTo(listener: CreditListener): void {
    this.#listener = listener;
    for (let executor = 0; executor < this.executors; executor++) this.#grant();
  }

  #grant(): void {
    this.#listener?.grant({ replicaId: 's', creditId: ++this.#credits, expiresAt: Infinity });
  }

  send({ batchId, count, onReply }: LocalWork): void {
    this.sent++;
    setImmediate(() => {
      onReply({
        batchId,
        reply: {
          first: 0,
          count,
          sequence: 0,
          last: true,
          outcome: {
            ok: true,
            outputs: block(count, floatColumn('y', [], ...Array<number>(count).fill(0))).all(),
          },
        },
        durations: [],
      });
      this.#grant();
    });
  }
}

const instances = block(2, floatColumn('x', [], 1, 2));
const never = new AbortController().signal;

test.each([
  ['as many batches as it may', 1, { durationMs: 3_600_000, batches: 100 }, 100],
  ['one on each executor at least', 3, { durationMs: 3_600_000, batches: 1 }, 3],
  ['one on each executor when there is no time', 3, { durationMs: 0 }, 3],
])('a run sends %s', async (_, executors, limits, sent) => {
  const replica = new QuickReplica(executors);
  const { batchMs } = await new BusyReplica(replica, 'm').run(instances, limits, never);
  expect([replica.sent, batchMs.length]).toEqual([sent, sent]);
});
