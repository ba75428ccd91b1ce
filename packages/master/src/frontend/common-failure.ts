/** MindSpore Serving's rule for requests whose instances all failed alike: one error for the whole. */
import type { ServingError } from '@serving/common';
import type { CollectedOutcome } from '../call/reply-collector.js';

/** The error that all instances have in common; undefined when one succeeded, or failed differently. */
export function commonFailure(outcomes: readonly CollectedOutcome[]): ServingError | undefined {
  let common: ServingError | undefined;
  for (const { outcome } of outcomes) {
    if (outcome.ok) return undefined;
    common ??= outcome.error;
    if (outcome.error.mindsporeCode !== common.mindsporeCode || outcome.error.message !== common.message)
      return undefined;
  }
  return common;
}
