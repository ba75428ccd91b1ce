import { link, type RpcStream } from '@serving/common';
import { expect, test } from '@jest/globals';
import { StreamExit } from '../../src/link/link-handlers.js';

test('a cancellation does not overtake the first chunk of its batch', async () => {
  const sent: string[] = [];
  const waiting: (() => void)[] = [];
  const stream: Pick<RpcStream, 'send'> = {
    send: (bytes) => {
      const { message } = link.ExchangeResponse.decode(bytes);
      if (message?.$case === 'batch') sent.push(`batch ${message.value.batchId}`);
      if (message?.$case === 'cancellation') {
        const { batchId, instances } = message.value;
        const part = instances === undefined ? '' : ` ${instances.first}+${instances.count}`;
        sent.push(`cancellation ${batchId}${part}`);
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
  };
  const exit = new StreamExit(stream);
  const label = { replicaId: 'r', method: 'm', count: 1, creditId: 1 };
  for (const batchId of [1, 2, 3]) exit.sendBatch(new ArrayBuffer(8), { ...label, batchId });
  exit.sendCancellation('r', 3, { first: 1, count: 2 });
  exit.sendCancellation('r', 3);
  exit.sendCancellation('r', 1);
  expect(sent).toEqual(['batch 1', 'cancellation 1']);
  while (waiting.length > 0) {
    waiting.shift()!();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(sent).toEqual([
    'batch 1',
    'cancellation 1',
    'batch 2',
    'batch 3',
    'cancellation 3 1+2',
    'cancellation 3',
  ]);
});
