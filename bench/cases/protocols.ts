/** A2 and D by the other protocols: the Open Inference Protocol over gRPC and HTTP, and MindSpore Serving's REST API. */
import type { Bench, BenchCase } from '../case.ts';
import {
  inferenceBinaryWorkload,
  inferenceGrpcWorkload,
  inferenceJsonWorkload,
  mindsporeRestWorkload,
} from '../load/inference-workload.ts';
import { addPrediction, echoWorkload, type InFlight, type Prediction } from '../load/predict-workload.ts';
import { instanceFigures, servedFigures, servedSide, type Workload } from '../load/served-side.ts';
import { directModelSide, servedModelSide } from '../models/model-servable.ts';
import { mlpModel } from '../models/models.ts';
import type { RunningServer } from '../servers/ready-server.ts';
import { startEcho, startHttpEcho, startLightweight, startLightweightRest } from '../servers/servers.ts';

type MakeWorkload = (prediction: Prediction, inFlight: InFlight) => Workload;

/** A measured run; there are several of these cases, and the bench has to end within its time. */
const seconds = 2;
const executors = 2;

function addCase(name: string, protocol: string, makeWorkload: MakeWorkload): BenchCase {
  const workload = makeWorkload(addPrediction('add-batch'), { connections: 1, streams: 64 });
  const echo = echoWorkload(workload);
  const isGrpc = workload.wire.transport === 'grpc';
  const startOurs = isGrpc ? startLightweight : startLightweightRest;
  const startBase = ({ children }: Bench): Promise<RunningServer> =>
    isGrpc ? startEcho(children, echo.path) : startHttpEcho(children);
  return {
    name,
    title: `A2 by ${protocol}: \`add-batch\`, 1 instance a request, 64 in flight, in one process`,
    seconds,
    figures: servedFigures(null),
    ours: servedSide('one process', workload, ({ children }) =>
      startOurs(children, { servable: 'add-batch' }),
    ),
    base: servedSide(isGrpc ? 'grpc-js echo' : 'node:http echo', echo, startBase),
  };
}

function perceptronCase(name: string, protocol: string, makeWorkload: MakeWorkload): BenchCase {
  return {
    name,
    title: `D by ${protocol}: a perceptron 784-512-512-10, 32 instances a request, 8 in flight, two executors`,
    seconds,
    figures: instanceFigures(null),
    ours: servedModelSide('one process', mlpModel, {
      executors,
      instances: 32,
      inFlight: { connections: 1, streams: 8 },
      makeWorkload,
    }),
    base: directModelSide('direct run at batch 32, two threads', mlpModel, {
      threads: executors,
      batches: [32],
    }),
  };
}

export const protocols: readonly BenchCase[] = [
  addCase('A2-OIP', 'the Open Inference Protocol over gRPC', inferenceGrpcWorkload),
  addCase('A2-OIP-REST', 'the Open Inference Protocol over HTTP, JSON', inferenceJsonWorkload),
  addCase('A2-REST', "MindSpore Serving's REST API", mindsporeRestWorkload),
  perceptronCase('D-OIP', 'the Open Inference Protocol over gRPC', inferenceGrpcWorkload),
  perceptronCase(
    'D-OIP-REST',
    'the Open Inference Protocol over HTTP, binary tensors',
    inferenceBinaryWorkload,
  ),
  perceptronCase('D-REST', "MindSpore Serving's REST API", mindsporeRestWorkload),
];
