/** Protocols that have a form for one response only. */
import { ServingError } from '@serving/common';
import type { MethodRoute } from '../call/method-route.js';

/** @throws ServingError UNSUPPORTED for a method that gives many responses to a request */
export function refuseStreaming({ servable, method }: MethodRoute): void {
  if (method.streaming !== true) return;
  throw new ServingError(
    'UNSUPPORTED',
    `servable(${servable}) method(${method.name}) gives many responses to a request, and this protocol has a form for one; expected a stream: serving-client infer --stream, or ModelStreamInfer of the Open Inference Protocol`,
  );
}
