/** More requests than may wait: those beyond are refused at once, those that wait are answered. */
import { expect, test } from '@jest/globals';
import { clusterStatus } from '@serving/client';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

test('a request that finds the queue full is FAILED with the limit in its text, and may be sent again', async () => {
  const [running, open] = ['running', 'open'].map((name) => join(temporaryFolder(), name)) as [
    string,
    string,
  ];
  const directory = servables({
    s: functionServable(`
import { existsSync, writeFileSync } from 'node:fs';
registerMethod('gate', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(async (x) => {
  writeFileSync(${JSON.stringify(running)}, '');
  while (!existsSync(${JSON.stringify(open)})) await new Promise((resolve) => setTimeout(resolve, 5));
  return x;
}, [x]));
`),
  });
  const options = ['--servable', 's', '--directory', directory, '--executors', '1'];
  const master = await startMaster([...options, '--master', '127.0.0.1:0', '--max-queue-instances', '2']);
  const client = master.client('s', 'gate');
  const answers = [client.infer({ x: 0 })];
  await eventually('the first one runs', () => existsSync(running));
  answers.push(client.infer({ x: 1 }), client.infer({ x: 2 }));
  await eventually('the others wait', async () => {
    const { methods } = await clusterStatus(master.cluster);
    return methods.some(({ waiting }) => waiting === 2);
  });
  expect(await client.infer({ x: 3 })).toMatchObject([
    {
      ok: false,
      error: {
        code: 'FAILED',
        message: expect.stringMatching(
          /^Serving Error: enqueued requests count exceeds the limit 2; 2 instances wait and 1 more are given, expected at most 2 in all \(--max-queue-instances\); try again in about \d+ ms$/,
        ) as unknown,
        retryable: true,
      },
    },
  ]);
  writeFileSync(open, '');
  for (const [i, [result]] of (await Promise.all(answers)).entries())
    expect(result).toMatchObject({ ok: true, outputs: { y: { data: Float32Array.of(i) } } });
});
