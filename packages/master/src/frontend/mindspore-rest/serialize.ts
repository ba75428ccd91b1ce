/** Outcomes → MindSpore Serving's reply over REST, with its rules for errors. */
import { ServingError, type BlockRange, type Column } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { ElementError } from '../../json/element-error.js';
import type { ElementFormat } from '../../json/element-writer.js';
import { writeInstance } from '../../json/json-writer.js';

const format: ElementFormat = { nonFinite: 'null', bytes: 'base64', invalidText: 'base64' };
/** Characters that are encoded at a time. */
const chunkLength = 65_536;
/** Pieces of text that are held until they are encoded. */
const mostPieces = 1024;

/** The reply to a request that failed as a whole. */
export function failureText(message: string): string {
  return JSON.stringify({ error_msg: message });
}

/**
 * The reply to a request whose instances have these outcomes, in order: each one's outputs, or its error in their place.
 * @throws ServingError UNSUPPORTED for outputs that JSON cannot hold
 */
export function writeReply(outcomes: readonly CollectedOutcome[]): Uint8Array[] {
  const reply = new ReplyText();
  reply.add('{"instances":[');
  for (const [index, { count, outcome }] of outcomes.entries()) {
    if (index > 0) reply.add(',');
    if (outcome.ok) writeInstances(outcome.outputs, reply);
    else reply.add(Array<string>(count).fill(failureText(outcome.error.message)).join(','));
  }
  reply.add(']}');
  return reply.finish();
}

function writeInstances({ block, from, to }: BlockRange, reply: ReplyText): void {
  const columns = block.columns.map(bareIfOne);
  const keys = columns.map(({ name }, index) => `${index > 0 ? ',' : ''}${JSON.stringify(name)}:`);
  try {
    for (let instance = from; instance < to; instance++) {
      reply.add(instance > from ? ',{' : '{');
      for (const [index, column] of columns.entries()) {
        reply.add(keys[index]!);
        writeInstance(column, instance, format, reply.pieces);
      }
      reply.add('}');
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

/** Text that grows, encoded piece by piece: as a whole it may be longer than a string can be. */
class ReplyText {
  readonly pieces: string[] = [];
  readonly #encoded: Uint8Array[] = [];

  add(text: string): void {
    this.pieces.push(text);
    if (this.pieces.length >= mostPieces) this.#encode();
  }

  finish(): Uint8Array[] {
    this.#encode();
    return this.#encoded;
  }

  #encode(): void {
    let text = '';
    for (const piece of this.pieces) {
      text += piece;
      if (text.length < chunkLength) continue;
      this.#encoded.push(Buffer.from(text));
      text = '';
    }
    if (text !== '') this.#encoded.push(Buffer.from(text));
    this.pieces.length = 0;
  }
}
