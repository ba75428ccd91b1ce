/** The reply sink of a unary request: collects the outcomes of all instances and hands them over once, in order. */
import type { Outcome, Reply, ReplySink } from '@serving/common';
import { Answered } from './answered.js';

/** Consecutive instances with one outcome. */
export interface CollectedOutcome {
  readonly first: number;
  readonly count: number;
  readonly outcome: Outcome;
}

export class ReplyCollector implements ReplySink {
  readonly #answered: Answered;
  readonly #outcomes: CollectedOutcome[] = [];
  readonly #onComplete: (outcomes: readonly CollectedOutcome[]) => void;

  /** @param onComplete called once, when each of the `count` instances has its final outcome */
  constructor(count: number, onComplete: (outcomes: readonly CollectedOutcome[]) => void) {
    this.#answered = new Answered(count);
    this.#onComplete = onComplete;
    if (count === 0) onComplete([]);
  }

  /** Whether every instance has its final outcome. */
  get isComplete(): boolean {
    return this.#answered.left === 0;
  }

  reply(reply: Reply): void {
    // Pieces of a streamed answer have no place in a unary reply; its final one counts.
    if (!reply.last || this.#answered.left === 0) return;
    for (const { first, count } of this.#answered.take(reply.first, reply.count, true)) {
      this.#outcomes.push({ first, count, outcome: part(reply, first, count) });
    }
    if (this.#answered.left > 0) return;
    const outcomes = this.#outcomes;
    this.#onComplete(outcomes.length === 1 ? outcomes : outcomes.toSorted((a, b) => a.first - b.first));
  }
}

function part({ first: replyFirst, outcome }: Reply, first: number, count: number): Outcome {
  if (!outcome.ok) return outcome;
  const from = outcome.outputs.from + first - replyFirst;
  return { ok: true, outputs: { block: outcome.outputs.block, from, to: from + count } };
}
