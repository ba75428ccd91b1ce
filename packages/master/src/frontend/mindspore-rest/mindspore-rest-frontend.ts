/** MindSpore Serving's REST API: every path that no other protocol has. */
import type { ServingError } from '@serving/common';
import type { MethodRoute } from '../../call/method-route.js';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import {
  jsonType,
  retryHeaders,
  type HttpCall,
  type HttpResult,
  type HttpRoute,
} from '../../http/http-handler.js';
import type { RequestedSpec } from '../../routing/router.js';
import { commonFailure } from '../common-failure.js';
import type { PredictEndpoint } from '../predict-endpoint.js';
import { priorityOf } from '../request-headers.js';
import { objectBytes, payloadBytes } from '../retained-bytes.js';
import { refuseStreaming } from '../refuse-streaming.js';
import { readBody, type ReadBody } from './deserialize.js';
import { parsePath } from './request-path.js';
import { failureText, writeReply } from './serialize.js';

export interface MindsporeRestSettings {
  readonly endpoint: PredictEndpoint;
  /** Most instances in a request: no more than could ever wait. */
  readonly maxInstances: number;
  /** Largest body taken, in bytes. */
  readonly maxMessageBytes: number;
  /** Whether errors have a status of their own; otherwise it is 200, as in the original. */
  readonly statusCodes: boolean;
}

/** Answers every path, in the original's order: verb, size, JSON, path, instances, what they are for. */
export function mindsporeRestRoute(settings: MindsporeRestSettings): HttpRoute {
  const frontend = new MindsporeRestFrontend(settings);
  return {
    path: '*',
    handlers: { POST: (call, body) => frontend.predict(call, body) },
    failed: (error) => frontend.failed(error),
  };
}

class MindsporeRestFrontend {
  readonly #settings: MindsporeRestSettings;

  constructor(settings: MindsporeRestSettings) {
    this.#settings = settings;
  }

  /** No `async` function, nor is one below it that has the body: what waits for the instances would hold it. */
  predict(call: HttpCall, body: Uint8Array): Promise<HttpResult> {
    return this.#answer(call, this.#outcomes(call, body));
  }

  #outcomes(call: HttpCall, body: Uint8Array): Promise<readonly CollectedOutcome[]> {
    return this.#settings.endpoint.countRefusals(() => this.#run(call, body));
  }

  failed(error: ServingError): HttpResult {
    const { statusCodes } = this.#settings;
    return {
      status: statusCodes ? error.httpStatus : 200,
      headers: { 'content-type': jsonType, ...(statusCodes ? retryHeaders(error) : {}) },
      body: [Buffer.from(failureText(this.#words(error)))],
    };
  }

  /** The original's words for what the HTTP port itself refuses. */
  #words({ code, message }: ServingError): string {
    if (code === 'WRONG_VERB') return `http message only support POST right now; ${message}`;
    if (code === 'BODY_TOO_LARGE')
      return `http message is bigger than ${this.#settings.maxMessageBytes}; ${message}`;
    return message;
  }

  #run(call: HttpCall, body: Uint8Array): Promise<readonly CollectedOutcome[]> {
    const { endpoint, maxInstances } = this.#settings;
    const spec = attempt(() => parsePath(call.path));
    const route = spec.ok ? attempt(() => endpoint.route(spec.value)) : spec;
    const target =
      spec.ok && route.ok ? { servable: spec.value.servable, method: route.value.method } : undefined;
    const read = call.read(readBody(body, target, maxInstances));
    const go = (given: ReadBody) => this.#predict(call, spec, route, given);
    return read instanceof Promise ? read.then(go) : go(read);
  }

  #predict(
    call: HttpCall,
    spec: Attempt<RequestedSpec>,
    route: Attempt<MethodRoute>,
    { count, refusal, ...instances }: ReadBody,
  ): Promise<readonly CollectedOutcome[]> {
    if (!spec.ok) throw spec.error;
    if (refusal !== undefined) throw refusal;
    if (!route.ok) throw instances.refused[0]?.error ?? route.error;
    refuseStreaming(route.value);
    return this.#settings.endpoint.predict({
      route: route.value,
      count,
      ...instances,
      retainedBytes: payloadBytes(instances) + objectBytes(instances),
      deadline: call.deadline,
      signal: call.signal,
      priority: priorityOf(call),
      traceparent: call.metadata('traceparent') ?? '',
    });
  }

  async #answer(call: HttpCall, collected: Promise<readonly CollectedOutcome[]>): Promise<HttpResult> {
    const outcomes = await collected;
    const alike = commonFailure(outcomes);
    if (alike !== undefined) return this.failed(alike);
    const status = this.#settings.statusCodes ? statusOf(outcomes) : 200;
    return { status, headers: { 'content-type': jsonType }, body: await call.write(writeReply(outcomes)) };
  }
}

type Attempt<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

function attempt<T>(action: () => T): Attempt<T> {
  try {
    return { ok: true, value: action() };
  } catch (error) {
    return { ok: false, error };
  }
}

/** When each instance failed for a reason of its own, the gravest. */
function statusOf(outcomes: readonly CollectedOutcome[]): number {
  let status = 0;
  for (const { outcome } of outcomes) {
    if (outcome.ok) return 200;
    status = Math.max(status, outcome.error.httpStatus);
  }
  return status;
}
