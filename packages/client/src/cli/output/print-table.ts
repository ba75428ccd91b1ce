/** Results as a table for people: one row an output, or an error. */
import { formatShape, Tensor, type Value } from '@serving/common';
import type { InferError } from '../../infer-error.js';
import type { InferResult } from '../../infer-result.js';
import { tensorText } from './tensor-text.js';

type Row = readonly string[];

const header: Row = ['INSTANCE', 'OUTPUT', 'DTYPE', 'SHAPE', 'VALUE'];
/** Characters of a string and bytes of a bytes value that are shown. */
const longestText = 120;
const longestBytes = 24;

export function resultTable(results: readonly InferResult[]): string {
  const rows = [header, ...results.flatMap(resultRows)];
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => `${line(row, widths)}\n`).join('');
}

function line(row: Row, widths: readonly number[]): string {
  return row
    .map((cell, column) => cell.padEnd(widths[column]!))
    .join('  ')
    .trimEnd();
}

function resultRows(result: InferResult, index: number): Row[] {
  const instance = String(index);
  if (!result.ok) return [[instance, '-', '-', '-', errorText(result.error)]];
  const outputs = Object.entries(result.outputs);
  if (outputs.length === 0) return [[instance, '-', '-', '-', 'no outputs']];
  return outputs.map(([name, value]) => [instance, printable(name), ...valueCells(value)]);
}

/** Code and text of an error on one line. */
export function errorText(error: InferError): string {
  return printable(`${error.code}: ${error.message}`);
}

function valueCells(value: Value): [string, string, string] {
  if (value instanceof Tensor) return [value.dtype, formatShape(value.shape), tensorText(value)];
  if (typeof value === 'string') return ['string', '[]', stringText(value)];
  return ['bytes', '[]', bytesText(value)];
}

function stringText(value: string): string {
  if (value.length <= longestText) return printable(JSON.stringify(value));
  return `${printable(JSON.stringify(value.slice(0, longestText)))}... (${value.length} characters)`;
}

function bytesText(value: Uint8Array): string {
  const hex = Buffer.from(value.subarray(0, longestBytes)).toString('hex');
  const rest = value.byteLength > longestBytes ? '...' : '';
  return `${hex}${rest} (${value.byteLength} bytes)`;
}

/** What a server sends must not steer the terminal or break the table. */
function printable(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
