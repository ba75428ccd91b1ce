/** The transport-free entry that all front ends share: a routed request with its blocks goes in, outcomes come out. */
import { failure, type CancelSignal, type Clock, type Deadline, type ServingError } from '@serving/common';
import type { MethodRoute } from '../call/method-route.js';
import type { CallPart } from '../call/predict-call.js';
import { ReplyCollector, type CollectedOutcome } from '../call/reply-collector.js';
import { ResponseSink, type TakeResponse } from '../call/response-sink.js';
import type { RequestedSpec, Router } from '../routing/router.js';
import type { ErrorCounts } from '../statistics/error-counts.js';

/** An instance that the front end itself had to refuse. */
export interface RefusedInstance {
  /** Position in the request. */
  readonly index: number;
  readonly error: ServingError;
}

export interface PredictRequest {
  readonly route: MethodRoute;
  /** Number of instances, refused ones included. */
  readonly count: number;
  readonly parts: readonly CallPart[];
  readonly refused: readonly RefusedInstance[];
  readonly retainedBytes: number;
  readonly deadline: Deadline;
  readonly signal: CancelSignal;
  /** As the caller asked for; undefined for the method's own. */
  readonly priority: number | undefined;
  readonly traceparent: string;
}

export class PredictEndpoint {
  readonly #router: Router;
  readonly #clock: Clock;
  readonly #refusals: ErrorCounts;
  #nextCallId = 1;

  /** @param refusals takes the errors of requests that come to no method */
  constructor(router: Router, clock: Clock, refusals: ErrorCounts) {
    this.#router = router;
    this.#clock = clock;
    this.#refusals = refusals;
  }

  /** @throws ServingError when there is no such servable, version or method, or no replica of it is live */
  route(spec: RequestedSpec): MethodRoute {
    return this.#router.route(spec);
  }

  /**
   * Does a front end's part of a request, which may go on for a while. What it throws or rejects with counts as a refusal:
   * no method will ever know of the request.
   */
  countRefusals<Result>(work: () => Result): Result {
    const count = (thrown: unknown): never => {
      this.#refusals.add(thrown);
      throw thrown;
    };
    try {
      const result = work();
      return result instanceof Promise ? (result.catch(count) as Result) : result;
    } catch (thrown) {
      return count(thrown);
    }
  }

  /**
   * Resolves with the outcome of every instance, in request order; never rejects.
   * @param takeResponse of a streaming method, whose instances' final outcomes have no outputs
   */
  predict(request: PredictRequest, takeResponse?: TakeResponse): Promise<readonly CollectedOutcome[]> {
    return new Promise((resolve) => {
      const { route, parts, retainedBytes, deadline, signal, traceparent } = request;
      const arrivedAt = this.#clock.now();
      const ends = new ReplyCollector(request.count, (outcomes) => {
        route.statistics.finished(outcomes, this.#clock.now() - arrivedAt);
        resolve(outcomes);
      });
      const sink = takeResponse === undefined ? ends : new ResponseSink(ends, takeResponse);
      for (const { index, error } of request.refused) sink.reply(failure(index, 1, error));
      if (parts.length === 0) return;
      const id = this.#nextCallId++;
      route.queue.enqueue({
        id,
        parts,
        retainedBytes,
        arrivedAt,
        deadline,
        signal,
        priority: request.priority ?? route.method.batching?.priority ?? 0,
        traceparent,
        sink,
      });
    });
  }
}
