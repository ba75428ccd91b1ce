/** Outcomes of a request's instances → the body of its answer, in the form that the request had. */
import { ServingError, type Column, type MethodSignature } from '@serving/common';
import type { CollectedOutcome } from '../../call/reply-collector.js';
import { ElementError } from '../../json/element-error.js';
import type { ElementFormat } from '../../json/element-writer.js';
import { writeInstance } from '../../json/json-writer.js';
import type { ColumnRange } from '../inference/infer-request.js';
import { stackOutputs } from '../inference/stack-outputs.js';
import { isBatched } from '../inference-models/model-shapes.js';
import type { Form } from './predict-body.js';

const format: ElementFormat = { nonFinite: 'token', bytes: 'base64', invalidText: 'base64' };
/** Outputs whose names end so are written as bytes, even if they are text. */
const bytesSuffix = '_bytes';
/** Characters that are encoded at a time. */
const pieceLength = 2 ** 16;

/** @throws ServingError that of the first instance that failed, or one for outputs that JSON cannot hold */
export function writeAnswer(
  form: Form,
  method: MethodSignature,
  outcomes: readonly CollectedOutcome[],
): Uint8Array[] {
  const names = method.outputs.map(({ name }) => name);
  const pieces: string[] = [];
  if (form === 'row') writeRows(names, outcomes, pieces);
  else writeColumns(method, names, outcomes, pieces);
  return encoded(pieces);
}

function writeRows(names: readonly string[], outcomes: readonly CollectedOutcome[], pieces: string[]): void {
  let separator = '{"predictions":[';
  for (const { outcome } of outcomes) {
    if (!outcome.ok) throw outcome.error;
    const { block, from, to } = outcome.outputs;
    const columns = names.map((name) => asWritten(block.column(name), name));
    for (let i = from; i < to; i++) {
      pieces.push(separator);
      separator = ',';
      writeNamed(names, pieces, (index) => writeOne(columns[index]!, i, pieces));
    }
  }
  pieces.push(']}');
}

function writeColumns(
  method: MethodSignature,
  names: readonly string[],
  outcomes: readonly CollectedOutcome[],
  pieces: string[],
): void {
  const outputs = stackOutputs(method, names, outcomes);
  pieces.push('{"outputs":');
  writeNamed(names, pieces, (index) => {
    const { name, ranges } = outputs[index]!;
    if (isBatched(method)) writeList(name, ranges, pieces);
    else writeOne(asWritten(ranges[0]!.column, name), ranges[0]!.from, pieces);
  });
  pieces.push('}');
}

function writeList(name: string, ranges: readonly ColumnRange[], pieces: string[]): void {
  let separator = '[';
  for (const { column, from, to } of ranges) {
    const written = asWritten(column, name);
    for (let i = from; i < to; i++) {
      pieces.push(separator);
      separator = ',';
      writeOne(written, i, pieces);
    }
  }
  pieces.push(']');
}

/** One value for each name; the only one without its name. */
function writeNamed(names: readonly string[], pieces: string[], write: (index: number) => void): void {
  if (names.length === 1) return write(0);
  let separator = '{';
  for (const [index, name] of names.entries()) {
    pieces.push(`${separator}${JSON.stringify(name)}:`);
    separator = ',';
    write(index);
  }
  pieces.push(names.length === 0 ? '{}' : '}');
}

function writeOne(column: Column, index: number, pieces: string[]): void {
  try {
    writeInstance(column, index, format, pieces);
  } catch (thrown) {
    if (!(thrown instanceof ElementError)) throw thrown;
    throw new ServingError('UNSUPPORTED', `output '${column.name}' in JSON: ${thrown.message}`);
  }
}

function asWritten(column: Column | undefined, name: string): Column {
  if (column === undefined) throw new Error(`a reply without the output ${name}`);
  const isText = column.kind === 'bytes' && column.dtype === 'string';
  return isText && name.endsWith(bytesSuffix) ? { ...column, dtype: 'bytes' } : column;
}

function encoded(pieces: readonly string[]): Uint8Array[] {
  const buffers: Uint8Array[] = [];
  let text = '';
  for (const piece of pieces) {
    text += piece;
    if (text.length < pieceLength) continue;
    buffers.push(Buffer.from(text));
    text = '';
  }
  if (text !== '') buffers.push(Buffer.from(text));
  return buffers;
}
