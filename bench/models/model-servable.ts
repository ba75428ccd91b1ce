/** A model made in code as a servable: a folder without a configuration, whose method is `predict`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Bench, Side } from '../case.ts';
import { directAnswer, directSide, type DirectLoop, type DirectModel } from '../direct/direct-side.ts';
import { predictWorkload, type InFlight, type Prediction } from '../load/predict-workload.ts';
import { servedSide, type Workload } from '../load/served-side.ts';
import { startLightweight, startLightweightRest } from '../servers/servers.ts';
import type { BenchModel } from './models.ts';

const warmUpRequests = 500;

/** Both sides of a case may want it, and one case after another. */
function writeModel({ folder }: Bench, makeModel: () => BenchModel): DirectModel & BenchModel {
  const model = makeModel();
  const file = join(folder, model.name, '1', `${model.name}.onnx`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, model.bytes);
  const x = { shape: model.inputShape, elements: model.input };
  return { ...model, file, inputs: { x }, output: 'y', hasBatch: true };
}

export interface ServedModel {
  readonly inFlight: InFlight;
  /** Instances a request. @default 1 */
  readonly instances?: number;
  /** Executors, on as many cores. */
  readonly executors: number;
  /** Further options of the server. */
  readonly options?: readonly string[];
  /** @default MindSpore Serving's protocol over gRPC */
  readonly makeWorkload?: (prediction: Prediction, inFlight: InFlight) => Workload;
}

/** The model in one process, under load; every reply has to be what a direct run gives. */
export function servedModelSide(name: string, makeModel: () => BenchModel, served: ServedModel): Side {
  const { inFlight, instances = 1, executors, options = [], makeWorkload = predictWorkload } = served;
  return {
    name,
    start: async (bench) => {
      const model = writeModel(bench, makeModel);
      const output = { name: 'y', ...(await directAnswer(bench, model)) };
      const prediction = { servable: model.name, method: 'predict', inputs: model.inputs, output, instances };
      const plan = ['--executors', String(executors), '--cores', String(executors)];
      const workload = { ...makeWorkload(prediction, inFlight), warmUpRequests, executors };
      const startServer = workload.wire.transport === 'grpc' ? startLightweight : startLightweightRest;
      const side = servedSide(name, workload, ({ children, folder }) =>
        startServer(children, {
          servable: model.name,
          directory: folder,
          options: [...plan, ...options],
        }),
      );
      return side.start(bench);
    },
  };
}

export function directModelSide(name: string, makeModel: () => BenchModel, loop: DirectLoop): Side {
  return directSide(name, (bench) => writeModel(bench, makeModel), loop);
}
