/** Outcomes → MindSpore Serving's PredictReply, with its rules for the list of errors. */
import { mindspore, type BlockRange, type Column, type ServingError } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { commonFailure } from '../common-failure.js';
import { ItemWriter } from './item-writer.js';
import { fieldSize, ReplyBuffer } from './reply-buffer.js';

/** Tag of proto/mindspore_serving/proto/ms_service.proto: field number and wire type. */
const instancesTag = 0x1a;
/** Field 3 of a reply for an instance that failed, and field 4 for one that did not. */
const noItems = Uint8Array.of(instancesTag, 0);
const noError = Uint8Array.of(0x22, 0);

/** The reply to a request that failed as a whole: one error, no instances. @param echo the spec as field 1 of the reply */
export function writeFailure(echo: Uint8Array, error: ServingError): Uint8Array {
  return Buffer.concat([echo, errorField(error)]);
}

/** Field 4 of a reply. */
function errorField(error: ServingError): Uint8Array {
  const errorMsg = [{ errorCode: BigInt(error.mindsporeCode), errorMsg: Buffer.from(error.message) }];
  return mindspore.PredictReply.encode({ servableSpec: undefined, instances: [], errorMsg }).finish();
}

/** Writes replies, one after another. */
export class ReplyWriter {
  /** By name: outputs are few, and mostly like those of the reply before. */
  readonly #writers = new Map<string, ItemWriter>();

  /**
   * The reply to a request whose instances have these outcomes, in order. No error list when all succeeded; one error
   * and no instances when all failed alike; else one entry per instance, code 0 for those that succeeded.
   * @param echo the spec as field 1 of the reply
   */
  write(echo: Uint8Array, outcomes: readonly CollectedOutcome[]): Uint8Array {
    const alike = commonFailure(outcomes);
    if (alike !== undefined) return writeFailure(echo, alike);
    const errors = errorFields(outcomes);
    let size = echo.length;
    for (const { count, outcome } of outcomes)
      size += outcome.ok ? this.#instancesSize(outcome.outputs) : count * noItems.length;
    for (const [index, { count }] of outcomes.entries()) size += count * (errors?.[index]?.length ?? 0);
    const reply = new ReplyBuffer(size);
    reply.bytes(echo);
    for (const { count, outcome } of outcomes) {
      if (outcome.ok) this.#writeInstances(outcome.outputs, reply);
      else repeat(noItems, count, reply);
    }
    if (errors !== undefined)
      for (const [index, { count }] of outcomes.entries()) repeat(errors[index]!, count, reply);
    return reply.finish();
  }

  #instancesSize({ block: { columns }, from, to }: BlockRange): number {
    const writers = this.#writersOf(columns);
    if (columns.every((column) => column.kind === 'numeric'))
      return (to - from) * fieldSize(instanceSize(writers, columns, from));
    let size = 0;
    for (let i = from; i < to; i++) size += fieldSize(instanceSize(writers, columns, i));
    return size;
  }

  #writeInstances({ block: { columns }, from, to }: BlockRange, reply: ReplyBuffer): void {
    const writers = this.#writersOf(columns);
    for (let instance = from; instance < to; instance++) {
      reply.varint(instancesTag);
      reply.varint(instanceSize(writers, columns, instance));
      for (let i = 0; i < columns.length; i++) writers[i]!.write(columns[i]!, instance, reply);
    }
  }

  #writersOf(columns: readonly Column[]): ItemWriter[] {
    return columns.map((column) => {
      const known = this.#writers.get(column.name);
      if (known?.suits(column) === true) return known;
      const writer = new ItemWriter(column);
      this.#writers.set(column.name, writer);
      return writer;
    });
  }
}

function instanceSize(writers: readonly ItemWriter[], columns: readonly Column[], instance: number): number {
  let size = 0;
  for (let i = 0; i < columns.length; i++) size += writers[i]!.size(columns[i]!, instance);
  return size;
}

function repeat(field: Uint8Array, count: number, reply: ReplyBuffer): void {
  for (let i = 0; i < count; i++) reply.bytes(field);
}

/** The error field of each outcome's instances, undefined when none failed. */
function errorFields(outcomes: readonly CollectedOutcome[]): Uint8Array[] | undefined {
  if (outcomes.every(({ outcome }) => outcome.ok)) return undefined;
  return outcomes.map(({ outcome }) => (outcome.ok ? noError : errorField(outcome.error)));
}
