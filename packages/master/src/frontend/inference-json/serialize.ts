/** Answer of an inference request → body of a reply over HTTP: JSON, and behind it the outputs asked for as binary data. */
import { bytesColumn, numericColumn, visitBytes, type Column } from '@serving/common';
import { jsonType, type HttpResult } from '../../http/http-handler.js';
import { ElementError } from '../../json/element-error.js';
import type { ElementFormat } from '../../json/element-writer.js';
import { JsonText } from '../../json/json-text.js';
import { writeElements } from '../../json/json-writer.js';
import type { Slices } from '../../slices/slices.js';
import { datatypeOf } from '../inference-models/data-types.js';
import type { InferRequest, InferResponse, OutputTensor } from '../inference/infer-request.js';
import { rawContents, totalBytes } from '../inference/raw-contents.js';
import { headerLengthName } from './binary-tail.js';
import { switchIn } from './parameters.js';
import { binaryOutputs } from './raw-body.js';
import { badRequest } from './reading.js';

/** As Triton writes them: NaN and infinities are tokens that JavaScript's own parser does not take. */
const format: ElementFormat = { nonFinite: 'token', bytes: 'text', invalidText: 'refuse' };

/** Which outputs are asked for as binary data: an output's own parameter is stronger than the request's. @throws ServingError BAD_REQUEST */
export function binaryChoice({ parameters, outputs }: InferRequest): (output: string) => boolean {
  const byDefault = switchIn(parameters, binaryOutputs) ?? false;
  const choices = new Map(
    outputs.map((output) => [output.name, switchIn(output.parameters, 'binary_data') ?? byDefault]),
  );
  return (output) => choices.get(output) ?? byDefault;
}

/** @throws ServingError BAD_REQUEST for an output that has no form in JSON, and was asked for in it */
export function* inferResult(
  response: InferResponse,
  isBinary: (output: string) => boolean,
): Slices<HttpResult> {
  const json = new JsonText();
  const binary: Uint8Array[] = [];
  const { id, model, version, outputs } = response;
  const ids = id === '' ? '' : `"id":${JSON.stringify(id)},`;
  json.add(`{${ids}"model_name":${JSON.stringify(model)},"model_version":"${version}","outputs":[`);
  for (const [index, output] of outputs.entries()) {
    json.add(`${index === 0 ? '' : ','}${headOf(output)}`);
    if (isBinary(output.name)) {
      const pieces = rawContents(output);
      json.add(`"parameters":{"binary_data_size":${totalBytes(pieces)}}}`);
      for (const piece of pieces) binary.push(piece);
    } else {
      json.add('"data":');
      yield* writeData(output, json);
      json.add('}');
    }
  }
  json.add(']}');
  return resultOf(json.finish(), outputs.some(({ name }) => isBinary(name)) ? binary : undefined);
}

function resultOf(json: Uint8Array[], binary: readonly Uint8Array[] | undefined): HttpResult {
  if (binary === undefined) return { status: 200, headers: { 'content-type': jsonType }, body: json };
  const headers = {
    'content-type': 'application/octet-stream',
    [headerLengthName.toLowerCase()]: String(totalBytes(json)),
  };
  return { status: 200, headers, body: [...json, ...binary] };
}

function headOf({ name, dtype, shape }: OutputTensor): string {
  return `{"name":${JSON.stringify(name)},"datatype":"${datatypeOf(dtype)}","shape":[${shape.join(',')}],`;
}

function* writeData(output: OutputTensor, json: JsonText): Slices<void> {
  const { name, dtype } = output;
  if (dtype === 'float16')
    throw badRequest(
      `sending FP16 data via JSON is not supported. Please use the binary data format for output '${name}'`,
    );
  const count = output.ranges.reduce((sum, { from, to }) => sum + (to - from), 0);
  try {
    const rest = writeElements(joined(output), 0, count, format, json);
    if (rest !== undefined) yield* rest;
  } catch (thrown) {
    if (thrown instanceof ElementError)
      throw badRequest(`output '${name}': ${thrown.message}. Please use the binary data format for it`);
    throw thrown;
  }
}

/** All ranges as one column, without copying elements. */
function joined({ name, ranges }: OutputTensor): Column {
  const { column: first } = ranges[0]!;
  if (first.kind === 'numeric') {
    const segments: Uint8Array[] = [];
    for (const { column, from, to } of ranges)
      if (column.kind === 'numeric') visitBytes(column, from, to, (view) => segments.push(view));
    return numericColumn(name, first.dtype, first.shape, segments);
  }
  const elements = ranges.flatMap(({ column, from, to }) => {
    if (column.kind !== 'bytes') return [];
    const each = column.elementsPerInstance;
    return column.elements.slice(from * each, to * each);
  });
  return bytesColumn(name, first.dtype, first.shape, elements);
}
