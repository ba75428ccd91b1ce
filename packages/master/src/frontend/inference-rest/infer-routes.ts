/** Inference. */
import type { HttpCall, HttpHandler, HttpRoute } from '../../http/http-handler.js';
import type { Slices } from '../../slices/slices.js';
import type { InferRequest } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
import { headerLengthName, jsonLength } from '../inference-json/binary-tail.js';
import { readRequest } from '../inference-json/deserialize.js';
import { rawRequest } from '../inference-json/raw-body.js';
import { binaryChoice, inferResult } from '../inference-json/serialize.js';
import type { Models } from '../inference-models/models.js';
import { addressee, modelRoute } from './rest-route.js';

export function inferRoutes(models: Models, runner: InferenceRunner): HttpRoute[] {
  const read = (call: HttpCall, body: Uint8Array) =>
    runner.read(() => call.read(readInfer(models, call, body)));
  const answer = async (call: HttpCall, { request, isBinary }: ReadInfer) =>
    call.write(inferResult(await runner.infer(call, request), isBinary));
  // No `async` function, which would hold the body while its instances wait.
  const infer: HttpHandler = (call, body) => {
    const given = read(call, body);
    return given instanceof Promise ? given.then((later) => answer(call, later)) : answer(call, given);
  };
  return modelRoute('/infer', { POST: infer });
}

interface ReadInfer {
  readonly request: InferRequest;
  /** Which outputs are to be written as binary data. */
  readonly isBinary: (output: string) => boolean;
}

function* readInfer(models: Models, call: HttpCall, body: Uint8Array): Slices<ReadInfer> {
  const header = call.metadata(headerLengthName.toLowerCase());
  const named = addressee(call);
  // Asked for first: a request for no model is not worth being read.
  const model = models.ready(named.model, named.version);
  const jsonBytes = jsonLength(header, body.length);
  const isRaw = header !== undefined && jsonBytes === 0;
  const request = isRaw ? rawRequest(model, named, body) : yield* readRequest(named, body, jsonBytes);
  return { request, isBinary: binaryChoice(request) };
}
