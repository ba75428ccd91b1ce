/** A body that is the one input of a model, with nothing around it. */
import { elementWidth, isNumericType, type NumericType, type Port } from '@serving/common';
import { noParameters, type InferInput, type InferRequest } from '../inference/infer-request.js';
import { datatypeOf } from '../inference-models/data-types.js';
import { instanceDims, isBatched } from '../inference-models/model-shapes.js';
import type { Model } from '../inference-models/models.js';
import { bufferBytes } from '../retained-bytes.js';
import type { Addressee } from './deserialize.js';
import { badRequest } from './reading.js';

/** What asks for every output as binary data. */
export const binaryOutputs = 'binary_data_output';

/** @throws ServingError BAD_REQUEST when the model has not one input, or one whose shape the body cannot tell */
export function rawRequest(model: Model, addressee: Addressee, body: Uint8Array): InferRequest {
  const { inputs } = model.route.method;
  const [port] = inputs;
  if (port === undefined || inputs.length > 1)
    throw badRequest(
      `Raw request must only have 1 input (found 1) to be deduced but got ${inputs.length} inputs in '${model.name}' model configuration`,
    );
  return {
    ...addressee,
    id: '',
    parameters: new Map([[binaryOutputs, true]]),
    inputs: [rawInput(model, port, body)],
    outputs: [],
    retainedBytes: bufferBytes(body),
  };
}

function rawInput({ name: model, route }: Model, port: Port, body: Uint8Array): InferInput {
  const { name, dtype } = port;
  if (dtype === undefined)
    throw badRequest(
      `The datatype of the raw input '${name}' can not be deduced because model '${model}' takes any; expected it in JSON`,
    );
  const instance = isNumericType(dtype) ? filled(port, body, dtype) : singleElement(port);
  return {
    name,
    datatype: datatypeOf(dtype),
    shape: isBatched(route.method) ? [1, ...instance] : instance,
    parameters: noParameters,
    contents: isNumericType(dtype) ? body : [body],
  };
}

/** The body is the element. */
function singleElement({ name, shape = [1] }: Port): readonly number[] {
  if (shape.every((dimension) => dimension === 1)) return shape.map(Number);
  throw badRequest(`For BYTE datatype raw input '${name}', the model must have input shape [1]`);
}

/** The shape, in which a dimension of any size is as long as the body makes it. */
function filled(port: Port, body: Uint8Array, dtype: NumericType): readonly number[] {
  const dims = instanceDims(port);
  const open = dims.filter((dimension) => dimension < 0);
  if (open.length > 1)
    throw badRequest(
      `The shape of the raw input '${port.name}' can not be deduced because there are more than one variable-sized dimension`,
    );
  const known = dims.reduce((product, dimension) => (dimension < 0 ? product : product * dimension), 1);
  const size = known === 0 ? 0 : Math.floor(body.length / (known * elementWidth(dtype)));
  return dims.map((dimension) => (dimension < 0 ? size : dimension));
}
