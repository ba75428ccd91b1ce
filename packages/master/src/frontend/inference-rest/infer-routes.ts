/** Inference. */
import type { HttpHandler, HttpRoute } from '../../http/http-handler.js';
import type { InferRequest } from '../inference/infer-request.js';
import type { InferenceRunner } from '../inference/inference-runner.js';
import { headerLengthName, jsonLength } from '../inference-json/binary-tail.js';
import { readRequest, type Addressee } from '../inference-json/deserialize.js';
import { rawRequest } from '../inference-json/raw-body.js';
import { binaryChoice, inferResult } from '../inference-json/serialize.js';
import type { Models } from '../inference-models/models.js';
import { addressee, modelRoute } from './rest-route.js';

export function inferRoutes(models: Models, runner: InferenceRunner): HttpRoute[] {
  const infer: HttpHandler = async (call, body) => {
    const header = call.metadata(headerLengthName.toLowerCase());
    const { request, isBinary } = runner.read(() => {
      const read = readInfer(models, addressee(call), header, body);
      return { request: read, isBinary: binaryChoice(read) };
    });
    return inferResult(await runner.infer(call, request), isBinary);
  };
  return modelRoute('/infer', { POST: infer });
}

function readInfer(
  models: Models,
  named: Addressee,
  header: string | undefined,
  body: Uint8Array,
): InferRequest {
  // Asked for first: a request for no model is not worth being read.
  const model = models.ready(named.model, named.version);
  const jsonBytes = jsonLength(header, body.length);
  const isRaw = header !== undefined && jsonBytes === 0;
  return isRaw ? rawRequest(model, named, body) : readRequest(named, body, jsonBytes);
}
