/** Results as a table for people: one row an output, or an error. */
import { formatShape, Tensor, type Value } from '@serving/common';
import type { InferError } from '../../infer-error.js';
import type { InferResult } from '../../infer-result.js';
import { tensorText } from './tensor-text.js';
import { printable, textTable, type Row } from './text-table.js';

const header: Row = ['INSTANCE', 'OUTPUT', 'DTYPE', 'SHAPE', 'VALUE'];
/** Characters of a string and bytes of a bytes value that are shown. */
const longestText = 120;
const longestBytes = 24;

export function resultTable(results: readonly InferResult[]): string {
  return textTable(header, results.flatMap(resultRows));
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
