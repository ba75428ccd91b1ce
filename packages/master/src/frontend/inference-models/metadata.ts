/** What a model takes and gives, as ModelMetadata tells it. */
import type { inference, MethodSignature, Port } from '@serving/common';
import { datatypeOf } from './data-types.js';
import { tensorDims } from './model-shapes.js';
import type { Model, Models } from './models.js';

/** Triton's name for ONNX models that onnxruntime runs; clients know it. */
export const platform = 'onnxruntime_onnx';

export function metadataOf(
  { name, route: { method } }: Model,
  models: Models,
): inference.ModelMetadataResponse {
  const versions = models.versions(name).filter(({ entry }) => entry.isAvailable);
  return {
    name,
    versions: versions.map(({ entry }) => String(entry.version)),
    platform,
    inputs: method.inputs.map((port) => tensorMetadata(method, port)),
    outputs: method.outputs.map((port) => tensorMetadata(method, port)),
  };
}

function tensorMetadata(method: MethodSignature, port: Port): inference.ModelMetadataResponse_TensorMetadata {
  return {
    name: port.name,
    datatype: datatypeOf(port.dtype),
    shape: tensorDims(method, port).map(BigInt),
  };
}
