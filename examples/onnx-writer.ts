/**
 * Writes small ONNX models without any framework: a model is a protobuf message (onnx/onnx.proto in the ONNX
 * repository), and the few fields an inference graph needs are written here by number.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** TensorProto.DataType of ONNX. */
export const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

export type ElementType = keyof typeof elementTypes;

export interface OnnxPort {
  readonly name: string;
  /** @default 'float32' */
  readonly dtype?: ElementType;
  /** A string is a symbolic dimension; without a shape, outputs have what the nodes make. */
  readonly shape?: readonly (number | string)[];
}

/** An attribute of a node. ONNX keeps integers and floats apart, which numbers of JavaScript do not. */
export type OnnxAttribute =
  | { readonly int: number | bigint }
  | { readonly ints: readonly (number | bigint)[] }
  | { readonly float: number }
  | { readonly floats: readonly number[] }
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly tensor: OnnxWeight }
  | { readonly graph: OnnxGraph };

export interface OnnxNode {
  /** For instance `Add`. */
  readonly operator: string;
  /** Operator set the operator comes from. @default '' (ONNX's own) */
  readonly domain?: string;
  /** An optional input that is left out is an empty name. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/**
 * A constant of the graph, such as a weight, in C order: float16 as bit patterns, bool as bytes of 0 and 1, or texts; or the
 * name of a file beside the model's that has the bytes.
 */
export interface OnnxWeight {
  readonly name: string;
  /** @default 'float32' */
  readonly dtype?: ElementType;
  readonly shape: readonly number[];
  readonly data: ArrayBufferView | readonly string[] | { readonly file: string };
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxWeight[];
}

/** Operator sets by domain, for instance `{ '': 21, 'com.microsoft': 1 }`. */
export type OperatorSets = Readonly<Record<string, number>>;

// A protobuf tag is the field number shifted by three, plus 0 for varint, 2 for length-delimited and 5 for 32-bit fields.
const lengthDelimited = (field: number) => (field << 3) | 2;
const varint = (field: number) => field << 3;
const fixed32 = (field: number) => (field << 3) | 5;

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** The bytes of an ONNX file of IR version 8. */
export function onnxModel(graph: OnnxGraph, operatorSets: OperatorSets = { '': 13 }): Uint8Array {
  return message((writer) => {
    writer.uint32(varint(1)).int64(8);
    writer.uint32(lengthDelimited(7)).bytes(graphProto(graph));
    for (const [domain, version] of Object.entries(operatorSets))
      writer.uint32(lengthDelimited(8)).bytes(operatorSetProto(domain, version));
  });
}

function operatorSetProto(domain: string, version: number): Uint8Array {
  return message((writer) => {
    if (domain !== '') writer.uint32(lengthDelimited(1)).string(domain);
    writer.uint32(varint(2)).int64(version);
  });
}

function graphProto({ name, inputs, outputs, nodes, weights = [] }: OnnxGraph): Uint8Array {
  return message((writer) => {
    for (const node of nodes) writer.uint32(lengthDelimited(1)).bytes(nodeProto(node));
    writer.uint32(lengthDelimited(2)).string(name);
    for (const weight of weights) writer.uint32(lengthDelimited(5)).bytes(weightProto(weight));
    for (const port of inputs) writer.uint32(lengthDelimited(11)).bytes(valueInfo(port));
    for (const port of outputs) writer.uint32(lengthDelimited(12)).bytes(valueInfo(port));
  });
}

function nodeProto({ operator, domain = '', inputs, outputs, attributes = {} }: OnnxNode): Uint8Array {
  return message((writer) => {
    for (const input of inputs) writer.uint32(lengthDelimited(1)).string(input);
    for (const output of outputs) writer.uint32(lengthDelimited(2)).string(output);
    writer.uint32(lengthDelimited(4)).string(operator);
    for (const [name, attribute] of Object.entries(attributes))
      writer.uint32(lengthDelimited(5)).bytes(attributeProto(name, attribute));
    if (domain !== '') writer.uint32(lengthDelimited(7)).string(domain);
  });
}

function attributeProto(name: string, attribute: OnnxAttribute): Uint8Array {
  return message((writer) => {
    writer.uint32(lengthDelimited(1)).string(name);
    const kind = writeAttribute(writer, attribute);
    writer.uint32(varint(20)).int32(kind);
  });
}

/** Writes the value and returns its kind: AttributeProto.AttributeType of ONNX. */
function writeAttribute(writer: BinaryWriter, attribute: OnnxAttribute): number {
  if ('float' in attribute) {
    writer.uint32(fixed32(2)).float(attribute.float);
    return 1;
  }
  if ('int' in attribute) {
    writer.uint32(varint(3)).int64(attribute.int.toString());
    return 2;
  }
  if ('string' in attribute) {
    writer.uint32(lengthDelimited(4)).string(attribute.string);
    return 3;
  }
  if ('tensor' in attribute) {
    writer.uint32(lengthDelimited(5)).bytes(weightProto(attribute.tensor));
    return 4;
  }
  if ('graph' in attribute) {
    writer.uint32(lengthDelimited(6)).bytes(graphProto(attribute.graph));
    return 5;
  }
  if ('floats' in attribute) {
    for (const value of attribute.floats) writer.uint32(fixed32(7)).float(value);
    return 6;
  }
  if ('ints' in attribute) {
    for (const value of attribute.ints) writer.uint32(varint(8)).int64(value.toString());
    return 7;
  }
  for (const value of attribute.strings) writer.uint32(lengthDelimited(9)).string(value);
  return 8;
}

function weightProto({ name, dtype = 'float32', shape, data }: OnnxWeight): Uint8Array {
  return message((writer) => {
    for (const dimension of shape) writer.uint32(varint(1)).int64(dimension);
    writer.uint32(varint(2)).int32(elementTypes[dtype]);
    writer.uint32(lengthDelimited(8)).string(name);
    if (ArrayBuffer.isView(data))
      writer.uint32(lengthDelimited(9)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    else if ('file' in data) writeExternalData(writer, data.file);
    else for (const text of data) writer.uint32(lengthDelimited(6)).string(text);
  });
}

function writeExternalData(writer: BinaryWriter, file: string): void {
  const entry = message((pair) =>
    pair.uint32(lengthDelimited(1)).string('location').uint32(lengthDelimited(2)).string(file),
  );
  writer.uint32(lengthDelimited(13)).bytes(entry);
  // TensorProto.DataLocation: external.
  writer.uint32(varint(14)).int32(1);
}

function valueInfo({ name, dtype = 'float32', shape }: OnnxPort): Uint8Array {
  const tensorType = message((writer) => {
    writer.uint32(varint(1)).int32(elementTypes[dtype]);
    if (shape !== undefined) writer.uint32(lengthDelimited(2)).bytes(shapeProto(shape));
  });
  const type = message((writer) => writer.uint32(lengthDelimited(1)).bytes(tensorType));
  return message((writer) =>
    writer.uint32(lengthDelimited(1)).string(name).uint32(lengthDelimited(2)).bytes(type),
  );
}

function shapeProto(shape: readonly (number | string)[]): Uint8Array {
  return message((writer) => {
    for (const dimension of shape) writer.uint32(lengthDelimited(1)).bytes(dimensionProto(dimension));
  });
}

function dimensionProto(dimension: number | string): Uint8Array {
  return message((writer) =>
    typeof dimension === 'number'
      ? writer.uint32(varint(1)).int64(dimension)
      : writer.uint32(lengthDelimited(2)).string(dimension),
  );
}
