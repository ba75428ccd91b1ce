/** ModelInferRequest → inference request, with tensors as views into the message. */
import { inference, ServingError } from '@serving/common';
import {
  noParameters,
  type InferInput,
  type InferRequest,
  type Parameters,
  type ParameterValue,
} from '../inference/infer-request.js';
import { refuseSharedTensor } from '../inference/shared-memory.js';
import { checkBounds } from './request-bounds.js';
import { checkRaw, shapeOf, typedContents } from './validate.js';

type WireRequest = inference.ModelInferRequest;
type WireParameters = WireRequest['parameters'];

/** @throws ServingError BAD_REQUEST when the bytes are no such message */
export function decodeRequest(message: Uint8Array): WireRequest {
  return decode('ModelInferRequest', message, (bytes) => {
    checkBounds(bytes);
    return inference.ModelInferRequest.decode(bytes);
  });
}

/** Any other request. @throws ServingError BAD_REQUEST */
export function decode<Message>(
  name: string,
  message: Uint8Array,
  read: (bytes: Uint8Array) => Message,
): Message {
  try {
    return read(message);
  } catch (thrown) {
    if (thrown instanceof ServingError) throw thrown;
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw new ServingError(
      'BAD_REQUEST',
      `expected an inference.${name}, given ${message.length} bytes that are none: ${detail}`,
    );
  }
}

/**
 * @param retainedBytes of the message
 * @throws ServingError INVALID_TENSOR for contents that are not those of their inputs, UNSUPPORTED for shared memory
 */
export function inferRequestOf(request: WireRequest, retainedBytes: number): InferRequest {
  checkRaw(request);
  const { modelName, modelVersion, id, parameters, inputs, outputs } = request;
  for (const output of outputs) refuseSharedTensor(output.parameters, `output '${output.name}'`);
  return {
    model: modelName,
    version: modelVersion,
    id,
    parameters: parametersOf(parameters),
    inputs: inputs.map((input, index) => inputOf(input, request.rawInputContents[index], modelName)),
    outputs: outputs.map((output) => ({ name: output.name, parameters: parametersOf(output.parameters) })),
    retainedBytes,
  };
}

function inputOf(
  input: inference.ModelInferRequest_InferInputTensor,
  raw: Uint8Array | undefined,
  model: string,
): InferInput {
  const { name, datatype, shape, parameters, contents } = input;
  const what = `input '${name}' for model '${model}'`;
  refuseSharedTensor(parameters, what);
  return {
    name,
    datatype,
    shape: shapeOf(shape),
    parameters: parametersOf(parameters),
    contents: raw ?? typedContents(datatype, contents ?? noContents, what),
  };
}

const noContents = inference.InferTensorContents.decode(new Uint8Array(0));

function parametersOf(given: WireParameters): Parameters {
  if (given.size === 0) return noParameters;
  const parameters = new Map<string, ParameterValue>();
  for (const [name, { parameterChoice }] of given)
    if (parameterChoice !== undefined) parameters.set(name, parameterChoice.value);
  return parameters;
}
