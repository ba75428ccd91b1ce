/** Requests of MindSpore Serving's and TensorFlow Serving's protocols, each with the member that a row of the page is about. */
import { mindspore } from '@serving/common';
import { exchange } from '../support/http-exchange.js';
import { callRaw, floats } from '../support/raw-calls.js';
import type { Answer } from './inference-transports.js';

export interface Ports {
  readonly grpc: string;
  readonly http: string;
}

type Ask = (ports: Ports) => Promise<Answer>;

export interface MemberRequest {
  readonly sent: Ask;
  /** The same request without the member. */
  readonly without?: Ask;
  /** Stands in the answer. */
  readonly shows?: string;
}

const post =
  (path: string, body: string): Ask =>
  async ({ http }) => {
    const reply = await exchange(http, 'POST', path, { body: Buffer.from(body) });
    return { status: String(reply.status), text: reply.body.toString('utf8') };
  };
const tensorflow = (body: string) => post('/v1/models/echo:predict', body);
const mindsporeRest = (body: string) => post('/model/echo:m', body);

/** Of one instance whose input `x` is 1, 5, 3. */
type Change = (request: mindspore.PredictRequest, instance: mindspore.Instance) => void;

/** Sends the request as `change` leaves it; the status is the first error's code, or OK. */
const mindsporeGrpc =
  (change: Change = () => undefined): Ask =>
  async ({ grpc }) => {
    const tensor = { ...mindspore.Tensor.decode(new Uint8Array(0)), ...floats([3], [1, 5, 3]) };
    const instance = { items: new Map([['x', tensor]]), outputBuffers: new Map() };
    const request = {
      servableSpec: { name: 'echo', methodName: 'm', versionNumber: 0n },
      instances: [instance],
      legacyInstances: [],
    };
    change(request, instance);
    const bytes = mindspore.PredictRequest.encode(request).finish();
    const reply = mindspore.PredictReply.decode(await callRaw(grpc, bytes));
    const [error] = reply.errorMsg;
    const outputs = reply.instances.flatMap(({ items }) => [...items.keys()]);
    return { status: error === undefined ? 'OK' : String(error.errorCode), text: outputs.join() };
  };

const shared = { memoryKey: '/k', bytesSize: 12n, dataOffset: 0n, dataSize: 12n };
const rows = '"instances": [[1.0, 5.0, 3.0]]';
const instances = '"instances": [{"x": [1.0, 5.0, 3.0]}]';

/** By member and protocol. */
export const memberRequests: Readonly<Record<string, MemberRequest>> = {
  'signature_name of TensorFlow Serving REST': {
    sent: tensorflow(`{"signature_name": "m", ${rows}}`),
    shows: '[1.0,5.0,3.0]',
  },
  'instances of TensorFlow Serving REST': { sent: tensorflow(`{${rows}}`), shows: '"predictions"' },
  'inputs of TensorFlow Serving REST': {
    sent: tensorflow('{"inputs": {"x": [[1.0, 5.0, 3.0]], "z": [1]}}'),
  },
  'b64 of TensorFlow Serving REST': {
    sent: post('/v1/models/kind:predict', '{"instances": [["a", {"b64": "AQ=="}]]}'),
  },
  'any other of TensorFlow Serving REST': {
    sent: tensorflow(`{${rows}, "other": [{}]}`),
    without: tensorflow(`{${rows}}`),
    shows: '"predictions"',
  },
  'instances of MindSpore Serving REST': { sent: mindsporeRest(`{${instances}}`), shows: '[1.0,5.0,3.0]' },
  'b64 of MindSpore Serving REST': {
    sent: mindsporeRest('{"instances": {"x": {"b64": "AACAPwAAoEAAAEBA", "type": "float32", "shape": [3]}}}'),
    shows: '[1.0,5.0,3.0]',
  },
  'any other of MindSpore Serving REST': {
    sent: mindsporeRest('{"instances": [{"x": [1.0, 5.0, 3.0], "z": 1}], "other": {}}'),
    without: mindsporeRest(`{${instances}}`),
    shows: '[1.0,5.0,3.0]',
  },
  'servable_spec of MindSpore Serving gRPC': { sent: mindsporeGrpc(), shows: 'y' },
  'instances of MindSpore Serving gRPC': {
    sent: mindsporeGrpc((request, instance) => {
      request.instances = [];
      request.legacyInstances = [instance];
    }),
    shows: 'y',
  },
  'shm_data of MindSpore Serving gRPC': {
    sent: mindsporeGrpc((_, { items }) => {
      items.get('x')!.tensorData = { $case: 'shmData', value: shared };
    }),
  },
  'output_buffers of MindSpore Serving gRPC': {
    sent: mindsporeGrpc((_, { outputBuffers }) => outputBuffers.set('y', shared)),
    without: mindsporeGrpc(),
    shows: 'y',
  },
};
