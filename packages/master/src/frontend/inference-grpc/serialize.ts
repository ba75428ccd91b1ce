/** Answer of an inference request → ModelInferResponse: raw contents, whatever the request had. */
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import { inference } from '@serving/common';
import type { InferRequest, InferResponse } from '../inference/infer-request.js';
import { rawContents, totalBytes } from '../inference/raw-contents.js';
import { datatypeOf } from '../inference-models/data-types.js';

/** Field of ModelInferResponse in proto/inference/grpc_service.proto. */
const rawOutputContents = 6;

/** The message in pieces, of which the tensors' are not copied. */
export function writeResponse(response: InferResponse): Uint8Array[] {
  const pieces: Uint8Array[] = [inference.ModelInferResponse.encode(headOf(response)).finish()];
  for (const output of response.outputs) {
    const contents = rawContents(output);
    pieces.push(
      new BinaryWriter()
        .tag(rawOutputContents, WireType.LengthDelimited)
        .uint32(totalBytes(contents))
        .finish(),
    );
    for (const piece of contents) pieces.push(piece);
  }
  return pieces;
}

/** A response on a stream. @param isLast to its request */
export function writeStreamResponse(response: InferResponse, isLast: boolean): Uint8Array {
  const inferResponse = headOf(response);
  inferResponse.parameters.set(finalResponse, isLast ? isFinal : isNotFinal);
  inferResponse.rawOutputContents = response.outputs.map((output) => Buffer.concat(rawContents(output)));
  return inference.ModelStreamInferResponse.encode({ errorMessage: '', inferResponse }).finish();
}

const finalResponse = 'triton_final_response';
const isFinal: inference.InferParameter = { parameterChoice: { $case: 'boolParam', value: true } };
const isNotFinal: inference.InferParameter = { parameterChoice: { $case: 'boolParam', value: false } };

/**
 * An error on a stream, which does not end it. It, too, is the last answer to its request.
 * @param request undefined when it could not be read
 */
export function writeStreamError(request: InferRequest | undefined, errorMessage: string): Uint8Array {
  const inferResponse = inference.ModelInferResponse.decode(new Uint8Array(0));
  if (request !== undefined) {
    inferResponse.id = request.id;
    inferResponse.modelName = request.model;
    inferResponse.modelVersion = request.version;
    inferResponse.parameters.set(finalResponse, isFinal);
  }
  return inference.ModelStreamInferResponse.encode({ errorMessage, inferResponse }).finish();
}

function headOf({ model, version, id, outputs }: InferResponse): inference.ModelInferResponse {
  return {
    modelName: model,
    modelVersion: String(version),
    id,
    parameters: new Map(),
    outputs: outputs.map(({ name, dtype, shape }) => ({
      name,
      datatype: datatypeOf(dtype),
      shape: shape.map(BigInt),
      parameters: new Map(),
      contents: undefined,
    })),
    rawOutputContents: [],
  };
}
