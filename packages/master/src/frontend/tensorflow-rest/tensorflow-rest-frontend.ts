/** TensorFlow Serving's REST API, version 1: predict in row and column form, status and metadata of models. */
import { ServingError } from '@serving/common';
import {
  jsonResult,
  jsonType,
  retryHeaders,
  type HttpCall,
  type HttpHandler,
  type HttpResult,
  type HttpRoute,
} from '../../http/http-handler.js';
import type { Slices } from '../../slices/slices.js';
import { predictRequest } from '../inference/block-request.js';
import type { InferenceSettings } from '../inference/inference-runner.js';
import type { InferInput } from '../inference/infer-request.js';
import { readInputs } from '../inference/read-inputs.js';
import { isBatched } from '../inference-models/model-shapes.js';
import type { Models } from '../inference-models/models.js';
import type { PredictRequest } from '../predict-endpoint.js';
import { viewBytes } from '../retained-bytes.js';
import { refuseStreaming } from '../refuse-streaming.js';
import { decodePredict } from './deserialize.js';
import { modelMetadata } from './model-metadata.js';
import { modelStatus } from './model-status.js';
import type { Form } from './predict-body.js';
import { servedModel, servedVersion, type Asked } from './served-version.js';
import { writeAnswer } from './serialize.js';
import { inputsOf } from './validate.js';

/** Neither holds a colon, behind which the path says what is to be done. */
const model = '/v1/models/:model([^/:]+)';
const version = '/versions/:version([^/:]+)';

interface Prepared {
  readonly form: Form;
  readonly request: PredictRequest;
}

/** Routes of everything below `/v1`. */
export function tensorflowRestRoutes(settings: InferenceSettings): HttpRoute[] {
  const { models } = settings;
  const predicted: HttpHandler = (call, body) => predict(settings, call, body);
  const status: HttpHandler = ({ params }) => jsonResult(200, modelStatus(models, askedIn(params)));
  const metadata: HttpHandler = ({ params }) =>
    jsonResult(200, modelMetadata(servedVersion(models, askedIn(params))));
  const ofModel = [model, `${model}${version}`].flatMap((path): HttpRoute[] => [
    { path: `${path}::predict`, handlers: { POST: predicted }, failed },
    { path: `${path}::classify`, handlers: { POST: noExamples }, failed },
    { path: `${path}::regress`, handlers: { POST: noExamples }, failed },
    { path, handlers: { GET: status }, failed },
    { path: `${path}/metadata`, handlers: { GET: metadata }, failed },
  ]);
  return [
    ...ofModel,
    { path: `${model}/labels/*`, handlers: { GET: noLabels, POST: noLabels }, failed },
    ...['/v1', '/v1/*'].map((path): HttpRoute => ({
      path,
      handlers: { GET: unknown, POST: unknown },
      failed,
    })),
  ];
}

/** No `async` function, which would hold the body while its instances wait. */
function predict(settings: InferenceSettings, call: HttpCall, body: Uint8Array): Promise<HttpResult> {
  const given = prepared(settings, call, body);
  return given instanceof Promise
    ? given.then((later) => answer(settings, call, later))
    : answer(settings, call, given);
}

function prepared(
  { endpoint, models }: InferenceSettings,
  call: HttpCall,
  body: Uint8Array,
): Prepared | Promise<Prepared> {
  return endpoint.countRefusals(() => call.read(prepare(models, call, body)));
}

async function answer(
  { endpoint }: InferenceSettings,
  call: HttpCall,
  { form, request }: Prepared,
): Promise<HttpResult> {
  const { method } = request.route;
  const outcomes = await endpoint.predict(request);
  const body = await call.write(writeAnswer(form, method, outcomes));
  return { status: 200, headers: { 'content-type': jsonType }, body };
}

/** @throws ServingError */
function* prepare(models: Models, call: HttpCall, body: Uint8Array): Slices<Prepared> {
  const given = yield* decodePredict(body);
  const { form } = given;
  const served = servedModel(models, askedIn(call.params), given.signature);
  const { route } = served;
  refuseStreaming(route);
  const inputs = yield* inputsOf(route.method, given);
  // Rows are instances whether or not the method takes several at a time; a column of one that does not is one instance.
  const block = readInputs(served, inputs, form === 'row' || isBatched(route.method));
  const retainedBytes = inputs.reduce((sum, input) => sum + bytesOf(input), 0);
  return { form, request: predictRequest(call, { route, block, retainedBytes }) };
}

function bytesOf({ contents }: InferInput): number {
  if (contents instanceof Uint8Array) return contents.byteLength;
  return contents.reduce((sum, element) => sum + element.byteLength + viewBytes, 0);
}

function askedIn(params: HttpCall['params']): Asked {
  return { model: params['model']!, version: params['version'] };
}

const noExamples: HttpHandler = ({ path }) => {
  throw new ServingError(
    'UNSUPPORTED',
    `${path}: classify and regress are not offered, as methods take tensors and not Examples; expected :predict`,
  );
};

const noLabels: HttpHandler = ({ path }) => {
  throw new ServingError(
    'UNSUPPORTED',
    `${path}: versions have no labels here; expected /versions/<number>, or no version for the default one`,
  );
};

const unknown: HttpHandler = ({ verb, path }) => {
  throw new ServingError(
    'UNKNOWN_PATH',
    `Malformed request: ${verb} ${path}; expected /v1/models/<model>[/versions/<number>] with :predict, /metadata or nothing behind it`,
  );
};

function failed(error: ServingError): HttpResult {
  return jsonResult(error.httpStatus, { error: error.message }, retryHeaders(error));
}
