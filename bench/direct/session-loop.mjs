/** A thread of direct-run.mjs: a session of its own, one intra-op thread, told how long to loop at which batch size. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parentPort, workerData } from 'node:worker_threads';

// The worker's own copy, as no other package depends on it.
const ort = createRequire(new URL('../../packages/worker/package.json', import.meta.url))('onnxruntime-node');

const { model, inputs, output, hasBatch } = workerData;
const session = await ort.InferenceSession.create(model, {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  logSeverityLevel: 4,
});

function feedsOf(batch) {
  const feeds = {};
  for (const { name, shape, file } of inputs) {
    const bytes = new Uint8Array(readFileSync(file));
    const instance = new Float32Array(bytes.buffer);
    const data = new Float32Array(instance.length * batch);
    for (let index = 0; index < batch; index++) data.set(instance, index * instance.length);
    feeds[name] = new ort.Tensor('float32', data, hasBatch ? [batch, ...shape] : shape);
  }
  return feeds;
}

/** The output of one instance; instances are equal, so all outputs have to be. */
async function checkedAnswer(feeds, batch) {
  const { data, dims } = (await session.run(feeds))[output];
  const size = data.length / batch;
  for (let index = 0; index < data.length; index++)
    if (data[index] !== data[index % size]) throw new Error(`a batch of ${batch} has outputs that differ`);
  const bytes = Buffer.from(data.buffer, data.byteOffset, size * data.BYTES_PER_ELEMENT);
  return { shape: hasBatch ? dims.slice(1) : dims, base64: bytes.toString('base64') };
}

async function loop({ batch, seconds }) {
  const feeds = feedsOf(batch);
  await checkedAnswer(feeds, batch);
  const latencies = [];
  const begun = performance.now();
  const end = begun + seconds * 1000;
  let now = begun;
  while (now < end) {
    const started = now;
    await session.run(feeds);
    now = performance.now();
    latencies.push((now - started) * 1000);
  }
  return { runs: latencies.length, ran: (now - begun) / 1000, latencies };
}

parentPort.on('message', (message) => {
  if (message === 'end') void session.release().then(() => parentPort.close());
  else void loop(message).then((result) => parentPort.postMessage(result, []));
});
parentPort.postMessage(await checkedAnswer(feedsOf(1), 1), []);
