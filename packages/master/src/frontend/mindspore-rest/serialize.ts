/** Outcomes → MindSpore Serving's reply over REST, with its rules for errors. */
import { ServingError, type BlockRange, type Column } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { ElementError } from '../../json/element-error.js';
import type { ElementFormat } from '../../json/element-writer.js';
import { JsonText } from '../../json/json-text.js';
import { writeInstance } from '../../json/json-writer.js';
import type { Slices } from '../../slices/slices.js';

const format: ElementFormat = { nonFinite: 'null', bytes: 'base64', invalidText: 'base64' };
/** The reply to a request that failed as a whole. */
export function failureText(message: string): string {
  return JSON.stringify({ error_msg: message });
}

/**
 * The reply to a request whose instances have these outcomes, in order: each one's outputs, or its error in their place.
 * @throws ServingError UNSUPPORTED for outputs that JSON cannot hold
 */
export function* writeReply(outcomes: readonly CollectedOutcome[]): Slices<Uint8Array[]> {
  const reply = new JsonText();
  reply.add('{"instances":[');
  for (const [index, { count, outcome }] of outcomes.entries()) {
    if (index > 0) reply.add(',');
    if (outcome.ok) yield* writeInstances(outcome.outputs, reply);
    else reply.add(Array<string>(count).fill(failureText(outcome.error.message)).join(','));
    if (reply.isPauseDue()) yield;
  }
  reply.add(']}');
  return reply.finish();
}

function* writeInstances({ block, from, to }: BlockRange, reply: JsonText): Slices<void> {
  const columns = block.columns.map(bareIfOne);
  const keys = columns.map(({ name }, index) => `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`);
  try {
    for (let instance = from; instance < to; instance++) {
      reply.add(instance > from ? ',{' : '{');
      for (const [index, column] of columns.entries()) {
        reply.add(keys[index]!);
        const rest = writeInstance(column, instance, format, reply);
        if (rest !== undefined) yield* rest;
      }
      reply.add('}');
      if (reply.isPauseDue()) yield;
    }
  } catch (thrown) {
    if (!(thrown instanceof ElementError)) throw thrown;
    throw new ServingError('UNSUPPORTED', `Failed to construct the response: ${thrown.message}`);
  }
}

/** A text or byte string of its own is a value, not a list, whatever shape it came in. */
function bareIfOne(column: Column): Column {
  return column.kind === 'bytes' && column.elementsPerInstance === 1 ? { ...column, shape: [] } : column;
}
