/** A side without a server: a loop of `session.run` in threads, a process for every run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Bench, Measurement, Side } from '../case.ts';
import { outputOf } from '../load/child-output.ts';
import type { Floats } from '../load/predict-workload.ts';

const program = fileURLToPath(new URL('direct-run.mjs', import.meta.url));
const probeSeconds = 0.5;
/** What a run may take beyond its measured time: loading, and a probe of each batch size. */
const graceMs = 60_000;

/** A model and one instance for it; all instances of a run are equal. */
export interface DirectModel {
  readonly file: string;
  readonly inputs: Readonly<Record<string, Floats>>;
  readonly output: string;
  /** Dimension 0 of inputs and output is the batch. */
  readonly hasBatch: boolean;
}

/** Executors of one thread each. */
export interface DirectLoop {
  readonly threads: number;
  /** Batch sizes; with several, the fastest is found first. */
  readonly batches: readonly number[];
}

interface Report {
  readonly batch: number;
  readonly instances: number;
  readonly instancesPerSecond: number;
  readonly cpuMicros: number;
  readonly latencyP50Us: number;
  readonly latencyP99Us: number;
  readonly answer: { readonly shape: readonly number[]; readonly base64: string };
}

export function directSide(name: string, modelFor: (bench: Bench) => DirectModel, loop: DirectLoop): Side {
  return {
    name,
    start: (bench) => {
      const model = modelFor(bench);
      let { batches } = loop;
      const warmUp = async () => {
        const { batch } = await directRun(bench, model, { ...loop, seconds: probeSeconds });
        batches = [batch];
      };
      const measure = async () =>
        measurementOf(await directRun(bench, model, { ...loop, batches, seconds: bench.seconds }));
      return Promise.resolve({ warmUp, measure, stop: () => Promise.resolve() });
    },
  };
}

/** What the model gives for the instance. */
export async function directAnswer(bench: Bench, model: DirectModel): Promise<Floats> {
  const { answer } = await directRun(bench, model, { threads: 1, batches: [1], seconds: 0.01 });
  const bytes = new Uint8Array(Buffer.from(answer.base64, 'base64'));
  return { shape: answer.shape, elements: new Float32Array(bytes.buffer) };
}

/** Nothing but the loop runs in the process while it is measured, so its CPU time is that of its executors. */
function measurementOf({ instances, instancesPerSecond, cpuMicros, ...latency }: Report): Measurement {
  return {
    cpu_us_per_instance: cpuMicros / instances,
    executor_cpu_us_per_instance: cpuMicros / instances,
    instances_per_second: instancesPerSecond,
    latency_p50_us: latency.latencyP50Us,
    latency_p99_us: latency.latencyP99Us,
  };
}

async function directRun(
  { children, folder }: Bench,
  { file, inputs, output, hasBatch }: DirectModel,
  loop: DirectLoop & { readonly seconds: number },
): Promise<Report> {
  const feeds = Object.entries(inputs).map(([name, { shape, elements }]) => {
    const input = join(folder, `${name}.bin`);
    writeFileSync(input, elements);
    return { name, shape, file: input };
  });
  const run = { model: file, inputs: feeds, output, hasBatch, probeSeconds, ...loop };
  const limitMs = loop.seconds * 1000 + graceMs;
  return JSON.parse(
    await outputOf(children, process.execPath, [program, JSON.stringify(run)], limitMs),
  ) as Report;
}
