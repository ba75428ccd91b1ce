/**
 * Runs cases with onnxruntime alone: what they should give. A process of its own, because onnxruntime refuses typed
 * arrays of the realm that Jest gives a test.
 *
 * node direct-run.mjs <plan file> <results file>
 */
import { createRequire } from 'node:module';
import { readFileSync, writeFileSync } from 'node:fs';
import { deserialize, serialize } from 'node:v8';

process.env['ORT_DISABLE_TELEMETRY'] = '1';
// The worker's own copy, as no other package depends on it.
const ort = createRequire(new URL('../../packages/worker/package.json', import.meta.url))('onnxruntime-node');

const [planFile, resultsFile] = process.argv.slice(2);
const results = [];
for (const planned of Object.values(deserialize(readFileSync(planFile))).flat())
  results.push(await outcomeOf(planned));
writeFileSync(resultsFile, serialize(results));

async function outcomeOf(planned) {
  try {
    return { name: planned.name, instances: await run(planned) };
  } catch (error) {
    return { name: planned.name, error: String(error) };
  }
}

async function run({ model, instances }) {
  // One thread, as executors of one core have: with more, sums are taken in another order.
  const session = await ort.InferenceSession.create(model, {
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  const outputs = [];
  for (const inputs of instances) outputs.push(plain(await session.run(feedsOf(inputs))));
  await session.release();
  return outputs;
}

function feedsOf(inputs) {
  const feeds = {};
  // Copied: what was read from a file may lie anywhere in memory, an array of a program begins where arrays begin.
  for (const { name, dtype, shape, data } of inputs) {
    const feed = { type: dtype, data: data.slice(), dims: shape, location: 'cpu' };
    feeds[name] = dtype === 'float16' ? feed : new ort.Tensor(dtype, feed.data, shape);
  }
  return feeds;
}

function plain(outputs) {
  return Object.entries(outputs).map(([name, { type, dims, data }]) => ({
    name,
    dtype: type,
    shape: [...dims],
    elements:
      type === 'string' ? data : new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice(),
  }));
}
