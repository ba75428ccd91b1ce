/** docs/batching.md: its configurations load, and its tables name every option there is, with its default. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { batchingOptions, flagOf } from '@serving/common';
import { onnxModel } from '../../examples/onnx-writer.js';
import { masterOptions } from '../../packages/master/dist/config.js';
import { identityModel, servables } from '../support/servables.js';

const page = readFileSync('docs/batching.md', 'utf8');
const configurations = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, body]) => body!);

const encoder = onnxModel({
  name: 'encoder',
  inputs: [
    { name: 'ids', shape: ['N', 'L'], dtype: 'int64' },
    { name: 'ids_length', shape: ['N'], dtype: 'int64' },
  ],
  outputs: [{ name: 'embedding', shape: ['N', 'L'], dtype: 'int64' }],
  nodes: [{ operator: 'Identity', inputs: ['ids'], outputs: ['embedding'] }],
});
const models = { '1/model.onnx': identityModel(['N', 3]), '1/encoder.onnx': encoder };
const check = (name: string, directory: string) =>
  spawnSync(
    process.execPath,
    ['packages/worker/bin/serving-worker.js', 'check', name, '--directory', directory],
    {
      encoding: 'utf8',
    },
  );

test('its configurations load, and check shows how their batches are formed', () => {
  const [wishes, padded, ...more] = configurations.map((body) =>
    servables({ s: { 'servable_config.ts': body, ...models } }),
  );
  expect(more).toEqual([]);
  const [first, second] = [wishes!, padded!].map((directory) => check('s', directory));
  expect([first!.status, first!.stderr, second!.status, second!.stderr]).toEqual([0, '', 0, '']);
  expect(first!.stdout).toContain(
    'batches: maxBatchSize 32, preferredBatchSizes [8,16,32], maxQueueDelayMs 5, weight 3',
  );
  expect(second!.stdout).toMatch(/stage 1: function pad ids\(ids\) -> stage 2, stage 2/);
});

test('the table has every option of batching, and flags that exist', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` +\| ([^|]*)\|/gm)].map(([, name, flag]) => [
    name!,
    flag!.trim(),
  ]);
  expect(rows.map(([name]) => name)).toEqual(['batching', ...batchingOptions]);
  const flags = new Set(Object.keys(masterOptions).map(flagOf));
  for (const [flag] of page.matchAll(/--[a-z][a-z-]+/g))
    // Of the worker and the client.
    if (!['--cores', '--executors', '--priority'].includes(flag)) expect([...flags]).toContain(flag);
});

test('every limit of the master is explained', () => {
  const limits = Object.keys(masterOptions).filter((key) => /^max(Queue|Total|Batch)/.test(key));
  expect(limits.map(flagOf).filter((flag) => !page.includes(flag))).toEqual([]);
});
