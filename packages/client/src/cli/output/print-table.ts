/** Results as a table for people: one row an output, or an error. */
import { BytesTensor, formatShape, StringTensor, Tensor, type Value } from '@serving/common';
import type { InferError } from '../../infer-error.js';
import type { InferResult } from '../../infer-result.js';
import { tensorText } from './tensor-text.js';
import { printable, textTable, type Row } from './text-table.js';

const header: Row = ['INSTANCE', 'OUTPUT', 'DTYPE', 'SHAPE', 'VALUE'];
/** Characters of a string and bytes of a bytes value that are shown. */
const longestText = 120;
const longestBytes = 24;
const mostElements = 8;

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
  if (value instanceof StringTensor)
    return [value.dtype, formatShape(value.shape), listText(value.data, stringText)];
  if (value instanceof BytesTensor)
    return [value.dtype, formatShape(value.shape), listText(value.data, bytesText)];
  return ['bytes', '[]', bytesText(value)];
}

function listText<T>(elements: readonly T[], show: (element: T) => string): string {
  const shown = elements.slice(0, mostElements).map(show);
  if (shown.length < elements.length) shown.push(`... (${elements.length} elements)`);
  return shown.join(', ');
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
