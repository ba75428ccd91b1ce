/** Reasons to answer instances without running them, and the way to do it. */
import { failure, ServingError } from '@serving/common';
import type { BatchEntry } from './batch.js';
import type { CallPart, PredictCall } from './predict-call.js';

/** Answers all of the call's instances that have no answer yet; its sink drops the rest. */
export function refuseCall({ parts, sink }: PredictCall, error: ServingError): void {
  parts.forEach(({ first, block }: CallPart) => sink.reply(failure(first, block.count, error)));
}

export function refuseEntry({ call, range, first }: BatchEntry, error: ServingError): void {
  call.sink.reply(failure(first, range.to - range.from, error));
}

export function cancelled(): ServingError {
  return new ServingError('CANCELLED', 'the request was cancelled by the caller');
}

export function expired(): ServingError {
  return new ServingError('DEADLINE_EXCEEDED', "the caller's deadline passed while the request was waiting");
}

/** @param leastMs what an instance takes @param leftMs until the deadline */
export function tooLate(leastMs: number, leftMs: number): ServingError {
  return new ServingError(
    'DEADLINE_EXCEEDED',
    `the caller's deadline leaves ${leftMs} ms, but an instance of this method takes about ${Math.ceil(leastMs)} ms: it was not started`,
  );
}

/** In MindSpore Serving's words. */
export function noReplica(servable: string, method: string): ServingError {
  return new ServingError(
    'NO_REPLICA',
    `Request servable(${servable}) method(${method}) , servable is not available; no replica of it is live`,
  );
}
