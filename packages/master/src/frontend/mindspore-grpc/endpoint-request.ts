/** A PredictRequest that has been read, and its call → the request of the endpoint. */
import { ServingError, type CancelSignal, type RpcCall } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { PredictEndpoint, PredictRequest } from '../predict-endpoint.js';
import { priorityOf } from '../request-headers.js';
import { bufferBytes, objectBytes } from '../retained-bytes.js';
import { instanceCount, type MindsporeRequest } from './deserialize.js';
import { readInstances } from './read-instances.js';

/**
 * @param checkRoute throws for a method, or a number of instances, that the rpc has no form for
 * @param signal instead of the call's
 * @throws ServingError
 */
export function endpointRequest(
  endpoint: PredictEndpoint,
  call: RpcCall,
  request: MindsporeRequest,
  checkRoute: (route: MethodRoute, count: number) => void,
  signal: CancelSignal = call.signal,
): PredictRequest {
  const { message, spec, refusal } = request;
  if (refusal !== undefined) throw refusal;
  const { servable, method } = spec.requested;
  const route = endpoint.route(spec.requested);
  const count = instanceCount(request);
  checkRoute(route, count);
  if (count === 0) {
    const why = 'expected at least one instance, given none';
    throw new ServingError(
      'BAD_REQUEST',
      `Instances count of request cannot be 0, servable: ${servable}, method: ${method}; ${why}`,
    );
  }
  const instances = readInstances(request, servable, route.method);
  return {
    route,
    count,
    ...instances,
    retainedBytes: bufferBytes(message) + objectBytes(instances),
    deadline: call.deadline,
    signal,
    priority: priorityOf(call),
    traceparent: call.metadata('traceparent') ?? '',
  };
}
