/** Outcomes of a request's instances → the body of its answer, in the form that the request had. */
import { ServingError, type Column, type MethodSignature } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { ElementError } from '../../json/element-error.js';
import type { ElementFormat } from '../../json/element-writer.js';
import { JsonText } from '../../json/json-text.js';
import { writeInstance } from '../../json/json-writer.js';
import type { Slices } from '../../slices/slices.js';
import type { ColumnRange } from '../inference/infer-request.js';
import { stackOutputs } from '../inference/stack-outputs.js';
import { isBatched } from '../inference-models/model-shapes.js';
import type { Form } from './predict-body.js';

const format: ElementFormat = { nonFinite: 'token', bytes: 'base64', invalidText: 'base64' };
/** Outputs whose names end so are written as bytes, even if they are text. */
const bytesSuffix = '_bytes';

/** @throws ServingError that of the first instance that failed, or one for outputs that JSON cannot hold */
export function* writeAnswer(
  form: Form,
  method: MethodSignature,
  outcomes: readonly CollectedOutcome[],
): Slices<Uint8Array[]> {
  const names = method.outputs.map(({ name }) => name);
  const answer = new JsonText();
  if (form === 'row') yield* writeRows(names, outcomes, answer);
  else yield* writeColumns(method, names, outcomes, answer);
  return answer.finish();
}

function* writeRows(
  names: readonly string[],
  outcomes: readonly CollectedOutcome[],
  answer: JsonText,
): Slices<void> {
  let separator = '{"predictions":[';
  for (const { outcome } of outcomes) {
    if (!outcome.ok) throw outcome.error;
    const { block, from, to } = outcome.outputs;
    const columns = names.map((name) => asWritten(block.column(name), name));
    for (let i = from; i < to; i++) {
      answer.add(separator);
      separator = ',';
      const rest = writeNamed(names, answer, (index) => writeOne(columns[index]!, i, answer));
      if (rest !== undefined) yield* rest;
      if (answer.isPauseDue()) yield;
    }
  }
  answer.add(']}');
}

function* writeColumns(
  method: MethodSignature,
  names: readonly string[],
  outcomes: readonly CollectedOutcome[],
  answer: JsonText,
): Slices<void> {
  const outputs = stackOutputs(method, names, outcomes);
  answer.add('{"outputs":');
  const rest = writeNamed(names, answer, (index) => {
    const { name, ranges } = outputs[index]!;
    if (isBatched(method)) return writeList(name, ranges, answer);
    return writeOne(asWritten(ranges[0]!.column, name), ranges[0]!.from, answer);
  });
  if (rest !== undefined) yield* rest;
  answer.add('}');
}

function* writeList(name: string, ranges: readonly ColumnRange[], answer: JsonText): Slices<void> {
  let separator = '[';
  for (const { column, from, to } of ranges) {
    const written = asWritten(column, name);
    for (let i = from; i < to; i++) {
      answer.add(separator);
      separator = ',';
      const rest = writeOne(written, i, answer);
      if (rest !== undefined) yield* rest;
      if (answer.isPauseDue()) yield;
    }
  }
  answer.add(']');
}

/** One value for each name; the only one without its name. @returns what is left to be done, as `write` does */
function writeNamed(
  names: readonly string[],
  answer: JsonText,
  write: (index: number) => Slices<void> | undefined,
): Slices<void> | undefined {
  return names.length === 1 ? write(0) : writeMembers(names, answer, write);
}

function* writeMembers(
  names: readonly string[],
  answer: JsonText,
  write: (index: number) => Slices<void> | undefined,
): Slices<void> {
  let separator = '{';
  for (const [index, name] of names.entries()) {
    answer.add(`${separator}${JSON.stringify(name)}:`);
    separator = ',';
    const rest = write(index);
    if (rest !== undefined) yield* rest;
  }
  answer.add(names.length === 0 ? '{}' : '}');
}

/** @returns what is left to be done where it is long */
function writeOne(column: Column, index: number, answer: JsonText): Slices<void> | undefined {
  try {
    const rest = writeInstance(column, index, format, answer);
    return rest === undefined ? undefined : writeRest(column, rest);
  } catch (thrown) {
    throw refusal(column, thrown);
  }
}

function* writeRest(column: Column, rest: Slices<void>): Slices<void> {
  try {
    yield* rest;
  } catch (thrown) {
    throw refusal(column, thrown);
  }
}

function refusal({ name }: Column, thrown: unknown): unknown {
  if (!(thrown instanceof ElementError)) return thrown;
  return new ServingError('UNSUPPORTED', `output '${name}' in JSON: ${thrown.message}`);
}

function asWritten(column: Column | undefined, name: string): Column {
  if (column === undefined) throw new Error(`a reply without the output ${name}`);
  const isText = column.kind === 'bytes' && column.dtype === 'string';
  return isText && name.endsWith(bytesSuffix) ? { ...column, dtype: 'bytes' } : column;
}
