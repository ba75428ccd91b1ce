/** The outcome of every instance of a batch, as few replies: one per run of instances with one layout or one error. */
import {
  asBytes,
  Block,
  bytesColumn,
  BytesTensor,
  failure,
  numericColumn,
  sameShape,
  StringTensor,
  Tensor,
  type BlockRange,
  type Column,
  type Reply,
  type Value,
} from '@serving/common';
import { layoutOf } from '../models/fit.js';
import type { BatchValues } from './batch-values.js';

interface Output {
  readonly name: string;
  readonly slot: number;
}

const encoder = new TextEncoder();

export function collectReplies(outputs: readonly Output[], values: BatchValues): Reply[] {
  if (values.count === 0) return [];
  return columnReply(outputs, values) ?? rowReplies(outputs, values);
}

/** One reply for the whole batch when every output is a column. */
function columnReply(outputs: readonly Output[], values: BatchValues): Reply[] | undefined {
  if (values.anyFailed) return undefined;
  const columns: Column[] = [];
  for (const { name, slot } of outputs) {
    const stacked = values.slot(slot).column;
    if (stacked === undefined) return undefined;
    columns.push(numericColumn(name, stacked.dtype, stacked.shape.slice(1), [asBytes(stacked.data)]));
  }
  return [success(0, values.count, columns)];
}

function success(first: number, count: number, columns: readonly Column[]): Reply {
  return {
    first,
    count,
    sequence: 0,
    last: true,
    outcome: { ok: true, outputs: new Block(count, columns).all() },
  };
}

function rowReplies(outputs: readonly Output[], values: BatchValues): Reply[] {
  const replies: Reply[] = [];
  for (let first = 0; first < values.count;) {
    const error = values.errorOf(first);
    if (error !== undefined) {
      const end = endOfFailure(values, first);
      replies.push(failure(first, end - first, error));
      first = end;
      continue;
    }
    const rows = sameLayoutRows(outputs, values, first);
    const columns = outputs.map(({ name }, index) =>
      columnFromRows(
        name,
        rows.map((row) => row[index]!),
      ),
    );
    replies.push(success(first, rows.length, columns));
    first += rows.length;
  }
  return replies;
}

function endOfFailure(values: BatchValues, first: number): number {
  const error = values.errorOf(first);
  let end = first + 1;
  while (end < values.count && values.errorOf(end) === error) end++;
  return end;
}

/** The outputs of as many instances from `first` on as share dtypes and shapes. */
function sameLayoutRows(outputs: readonly Output[], values: BatchValues, first: number): Value[][] {
  const rows: Value[][] = [];
  for (let instance = first; instance < values.count && values.errorOf(instance) === undefined; instance++) {
    const row = outputs.map(({ slot }) => values.slot(slot).row(instance));
    if (rows.length > 0 && !row.every((value, index) => sameValueLayout(value, rows[0]![index]!))) break;
    rows.push(row);
  }
  return rows;
}

function sameValueLayout(a: Value, b: Value): boolean {
  const [one, other] = [layoutOf(a), layoutOf(b)];
  return one.dtype === other.dtype && sameShape(one.shape, other.shape);
}

/** Outputs of one instance. */
export function oneRow(outputs: readonly { readonly name: string; readonly value: Value }[]): BlockRange {
  return new Block(
    1,
    outputs.map(({ name, value }) => columnFromRows(name, [value])),
  ).all();
}

function columnFromRows(name: string, rows: readonly Value[]): Column {
  const first = rows[0]!;
  if (first instanceof Tensor) {
    const segments = rows.map((row) => asBytes((row as Tensor).data));
    return numericColumn(name, first.dtype, first.shape, segments);
  }
  const { dtype, shape } = layoutOf(first);
  return bytesColumn(name, dtype === 'string' ? 'string' : 'bytes', shape, rows.flatMap(elementsOf));
}

function elementsOf(value: Value): readonly Uint8Array[] {
  if (typeof value === 'string') return [encoder.encode(value)];
  if (value instanceof StringTensor) return value.data.map((text) => encoder.encode(text));
  return value instanceof BytesTensor ? value.data : [value as Uint8Array];
}
