/**
 * What an ONNX file says and onnxruntime does not: whether a port without dimensions is a scalar, or of any rank. Of the
 * protobuf message only that is read (ModelProto of onnx/onnx.proto); nodes and weights are passed over where they are.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** A model: the path of its file, or the contents of one. */
export type ModelSource = string | Uint8Array;

interface Bytes {
  readonly length: number;
  /** Fewer where they end. */
  read(at: number, count: number): Uint8Array;
}

/** A field of a message: its number, and where its content is. */
interface Field {
  readonly number: number;
  readonly start: number;
  readonly end: number;
}

const graphField = 7;
const inputField = 11;
const outputField = 12;
const nameField = 1;
const typeField = 2;
const tensorField = 1;
const shapeField = 2;
const dimensionField = 1;

/**
 * Names of inputs and outputs that are declared as scalars: with a shape, and no dimension in it. None for what is no
 * ONNX file, such as one of onnxruntime's own format.
 */
export function scalarPorts(source: ModelSource): ReadonlySet<string> {
  if (typeof source !== 'string') return scalarsOf(within(source));
  const file = openSync(source, 'r');
  try {
    return scalarsOf(ofFile(file));
  } finally {
    closeSync(file);
  }
}

function within(contents: Uint8Array): Bytes {
  return { length: contents.length, read: (at, count) => contents.subarray(at, at + count) };
}

function ofFile(file: number): Bytes {
  return {
    length: fstatSync(file).size,
    read(at, count) {
      const bytes = Buffer.alloc(count);
      return bytes.subarray(0, readSync(file, bytes, 0, count, at));
    },
  };
}

function scalarsOf(bytes: Bytes): Set<string> {
  const names = new Set<string>();
  const model = { number: 0, start: 0, end: bytes.length };
  for (const graph of inside(bytes, model, graphField))
    for (const port of fieldsOf(bytes, graph)) {
      if (port.number !== inputField && port.number !== outputField) continue;
      const [name] = inside(bytes, port, nameField);
      if (name !== undefined && isScalar(bytes, port)) names.add(textOf(bytes, name));
    }
  return names;
}

function isScalar(bytes: Bytes, port: Field): boolean {
  for (const type of inside(bytes, port, typeField))
    for (const tensor of inside(bytes, type, tensorField))
      for (const shape of inside(bytes, tensor, shapeField))
        return inside(bytes, shape, dimensionField).length === 0;
  return false;
}

function textOf(bytes: Bytes, { start, end }: Field): string {
  return new TextDecoder().decode(bytes.read(start, end - start));
}

function inside(bytes: Bytes, message: Field, number: number): Field[] {
  return [...fieldsOf(bytes, message)].filter((field) => field.number === number);
}

/** As far as it is a message. */
function* fieldsOf(bytes: Bytes, message: Field): Generator<Field> {
  for (let at = message.start; at < message.end;) {
    const field = fieldAt(bytes, at);
    if (field === undefined || field.end > message.end) return;
    yield field;
    at = field.end;
  }
}

const longestVarint = 10;
const fixedWidths: Readonly<Record<number, number>> = { 1: 8, 5: 4 };

function fieldAt(bytes: Bytes, at: number): Field | undefined {
  const head = bytes.read(at, 2 * longestVarint);
  const tag = varint(head, 0);
  if (tag === undefined) return undefined;
  const [number, kind, start] = [Math.floor(tag.value / 8), tag.value % 8, at + tag.end];
  const width = fixedWidths[kind];
  if (width !== undefined) return { number, start, end: start + width };
  const value = varint(head, tag.end);
  if (value === undefined) return undefined;
  const next = at + value.end;
  if (kind === 0) return { number, start, end: next };
  return kind === 2 ? { number, start: next, end: next + value.value } : undefined;
}

function varint(
  bytes: Uint8Array,
  from: number,
): { readonly value: number; readonly end: number } | undefined {
  let value = 0;
  for (let index = 0; index < longestVarint; index++) {
    const byte = bytes[from + index];
    if (byte === undefined) return undefined;
    value += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) return { value, end: from + index + 1 };
  }
  return undefined;
}
