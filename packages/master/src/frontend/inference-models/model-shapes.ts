/**
 * The shapes that a model's tensors have. A method that takes several instances at a time gets them in one tensor, with
 * the batch before the dimensions of an instance, as its ONNX model has it; any other gets one instance per request.
 */
import type { MethodSignature, Port } from '@serving/common';

/** A dimension of any size. */
const openSize = -1;

export function isBatched({ batched }: MethodSignature): boolean {
  return batched === true;
}

/** Dimensions of one instance. A shape that is open is shown as one dimension of any size. */
export function instanceDims({ shape }: Port): number[] {
  return shape === undefined
    ? [openSize]
    : shape.map((dimension) => (typeof dimension === 'number' ? dimension : openSize));
}

/** Dimensions of a tensor of a request. @param batched whether it holds several instances */
export function tensorDims(method: MethodSignature, port: Port, batched = isBatched(method)): number[] {
  return batched ? [openSize, ...instanceDims(port)] : instanceDims(port);
}
