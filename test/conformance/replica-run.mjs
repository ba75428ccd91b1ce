/**
 * Runs cases in this process with a replica of the library, no master and no network: what a frame and an executor
 * thread make of them. The two instances of a case are one batch.
 *
 * node replica-run.mjs <plan file> <results file> <folder of the servables>
 */
import {
  asBytes,
  Block,
  bytesColumn,
  contiguousBytes,
  createLogger,
  encodeBatch,
  numericColumn,
} from '@serving/common';
import { LocalReplica } from '@serving/worker';
import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';

const [planFile, resultsFile, directory] = process.argv.slice(2);
const logger = createLogger('replica-run', 'error');
const results = [];
let batches = 0;
for (const [servable, cases] of Object.entries(deserialize(readFileSync(planFile)))) {
  const replica = await LocalReplica.load({ directory, servable, executors: 1, cores: 1, logger });
  // The only executor's next credit is there when its last batch has been answered.
  const credits = [];
  replica.grantTo({ grant: ({ creditId }) => credits.push(creditId), recall: () => undefined });
  for (const planned of cases) results.push(await run(replica, credits.shift(), planned));
  await replica.stop(1000);
}
writeFileSync(resultsFile, serialize(results));

async function run(replica, creditId, { name, requests }) {
  const batchId = ++batches;
  const ranges = requests.map((inputs) => ({ block: blockOf(inputs), from: 0, to: 1 }));
  const batch = {
    batchId,
    servable: replica.servable,
    version: 1,
    method: name,
    calls: [
      { callId: 1, count: requests.length, priority: 0, traceparent: '', affinityKey: new Uint8Array(0) },
    ],
  };
  const outcomes = requests.map(() => undefined);
  await new Promise((resolve) => {
    const lost = (why) => {
      outcomes[0] = { error: `lost: ${why}` };
      resolve();
    };
    replica.send({
      batchId,
      method: name,
      count: requests.length,
      creditId,
      frame: encodeBatch(batch, ranges),
      onReply: ({ reply }) => {
        for (let i = 0; i < reply.count; i++) outcomes[reply.first + i] = outcomeOf(reply.outcome, i);
        if (outcomes.every((outcome) => outcome !== undefined)) resolve();
      },
      onReturned: () => lost('returned'),
      onLost: lost,
    });
  });
  const error = outcomes.find((outcome) => outcome?.error !== undefined)?.error;
  return error === undefined ? { name, instances: outcomes.map(({ outputs }) => outputs) } : { name, error };
}

function blockOf(inputs) {
  const columns = inputs.map(({ name, dtype, shape, data }) =>
    dtype === 'string'
      ? bytesColumn(
          name,
          dtype,
          shape,
          data.map((text) => Buffer.from(text)),
        )
      : numericColumn(name, dtype, shape, [asBytes(data)]),
  );
  return new Block(1, columns);
}

function outcomeOf(outcome, instance) {
  if (!outcome.ok) return { error: outcome.error.message };
  const { block, from } = outcome.outputs;
  const outputs = block.columns.map((column) => ({
    name: column.name,
    dtype: column.dtype,
    shape: [...column.shape],
    elements: elementsOf(column, from + instance),
  }));
  return { outputs };
}

function elementsOf(column, instance) {
  if (column.kind === 'numeric') return contiguousBytes(column, instance, instance + 1).slice();
  const { elements, elementsPerInstance: each } = column;
  return elements
    .slice(instance * each, (instance + 1) * each)
    .map((text) => Buffer.from(text).toString('utf8'));
}
