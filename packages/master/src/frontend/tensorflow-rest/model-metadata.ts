/** What the methods of a version take and give: `GET /v1/models/<model>/metadata`. */
import type { DataType, MethodSignature, Port } from '@serving/common';
import { tensorDims } from '../inference-models/model-shapes.js';
import type { ServedVersion } from './served-version.js';

const names: Readonly<Record<DataType, string>> = {
  bool: 'DT_BOOL',
  int8: 'DT_INT8',
  uint8: 'DT_UINT8',
  int16: 'DT_INT16',
  uint16: 'DT_UINT16',
  int32: 'DT_INT32',
  uint32: 'DT_UINT32',
  int64: 'DT_INT64',
  uint64: 'DT_UINT64',
  float16: 'DT_HALF',
  float32: 'DT_FLOAT',
  float64: 'DT_DOUBLE',
  string: 'DT_STRING',
  bytes: 'DT_STRING',
};

/** As TensorFlow Serving's GetModelMetadataResponse: shapes are those of tensors in column form. */
export function modelMetadata({ name, entry, signatures }: ServedVersion): object {
  const definitions = [...signatures].map(([signature, { method }]) => [signature, definitionOf(method)]);
  return {
    model_spec: { name, signature_name: '', version: String(entry.version) },
    metadata: { signature_def: { signature_def: Object.fromEntries(definitions) } },
  };
}

function definitionOf(method: MethodSignature): object {
  return {
    inputs: portsOf(method, method.inputs),
    outputs: portsOf(method, method.outputs),
    method_name: 'tensorflow/serving/predict',
  };
}

function portsOf(method: MethodSignature, ports: readonly Port[]): object {
  return Object.fromEntries(ports.map((port) => [port.name, tensorInfo(method, port)]));
}

function tensorInfo(method: MethodSignature, port: Port): object {
  const isOpen = port.shape === undefined;
  const dims = isOpen ? [] : tensorDims(method, port);
  return {
    dtype: port.dtype === undefined ? 'DT_INVALID' : names[port.dtype],
    tensor_shape: { dim: dims.map((size) => ({ size: String(size), name: '' })), unknown_rank: isOpen },
    name: port.name,
  };
}
