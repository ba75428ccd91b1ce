/** Results as one line of JSON in the form of MindSpore Serving's REST replies, with integers in full. */
import { BytesTensor, float16Value, StringTensor, Tensor, type Value } from '@serving/common';
import type { InferResult, Outputs } from '../../infer-result.js';

/** `{"instances":[{"y":[[2.0,3.0]]},{"error_msg":"…"}]}`; `infer` reads it back with the same types. */
export function resultJson(results: readonly InferResult[]): string {
  return `{"instances":[${results.map(instanceJson).join(',')}]}\n`;
}

function instanceJson(result: InferResult): string {
  return result.ok ? outputsJson(result.outputs) : `{"error_msg":${JSON.stringify(result.error.message)}}`;
}

/** `{"y":[[2.0,3.0]]}` */
export function outputsJson(outputs: Outputs): string {
  const members = Object.entries(outputs).map(
    ([name, value]) => `${JSON.stringify(name)}:${valueJson(value)}`,
  );
  return `{${members.join(',')}}`;
}

function valueJson(value: Value): string {
  if (typeof value === 'string') return JSON.stringify(value);
  if (value instanceof Tensor) return tensorJson(value);
  if (value instanceof StringTensor) return JSON.stringify(value.toNested());
  if (value instanceof BytesTensor) return nestedJson(value.toNested());
  return bytesJson(value);
}

function nestedJson(nested: unknown): string {
  if (Array.isArray(nested)) return `[${nested.map(nestedJson).join(',')}]`;
  return bytesJson(nested as Uint8Array);
}

function bytesJson(bytes: Uint8Array): string {
  return `{"b64":"${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')}"}`;
}

function tensorJson(tensor: Tensor): string {
  if (tensor.size === 0) return JSON.stringify(tensor.toNested());
  const write = elementWriter(tensor);
  const axis = (depth: number, offset: number, size: number): string => {
    const length = tensor.shape[depth];
    if (length === undefined) return write(tensor.data[offset]!);
    const stride = size / length;
    return `[${Array.from({ length }, (_, i) => axis(depth + 1, offset + i * stride, stride)).join(',')}]`;
  };
  return axis(0, 0, tensor.size);
}

function elementWriter({ dtype }: Tensor): (element: number | bigint) => string {
  if (dtype === 'bool') return (element) => String(element !== 0);
  if (dtype === 'float16') return (element) => floatJson(float16Value(Number(element)));
  return dtype === 'float32' || dtype === 'float64' ? (element) => floatJson(Number(element)) : String;
}

/** Always with a fraction or exponent, so that it reads as a float; JSON has no NaN and no Infinity. */
function floatJson(value: number): string {
  if (!Number.isFinite(value)) return 'null';
  const text = Object.is(value, -0) ? '-0' : String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}
