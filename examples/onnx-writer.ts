/**
 * Writes small ONNX models without any framework: a model is a protobuf message (onnx/onnx.proto in the ONNX
 * repository), and the few fields an inference graph needs are written here by number.
 */
import { BinaryWriter } from '@bufbuild/protobuf/wire';

/** TensorProto.DataType of ONNX. */
const elementTypes = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
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
  /** A string is a symbolic dimension. */
  readonly shape: readonly (number | string)[];
}

export interface OnnxNode {
  /** Operator of the default domain, for instance `Add`. */
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** A constant of the graph, such as a weight: float32, in C order. */
export interface OnnxWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

export interface OnnxGraph {
  readonly name: string;
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
  readonly nodes: readonly OnnxNode[];
  readonly weights?: readonly OnnxWeight[];
}

// A protobuf tag is the field number shifted by three, plus 2 for length-delimited and 0 for varint fields.
const lengthDelimited = (field: number) => (field << 3) | 2;
const varint = (field: number) => field << 3;

function message(write: (writer: BinaryWriter) => void): Uint8Array {
  const writer = new BinaryWriter();
  write(writer);
  return writer.finish();
}

/** The bytes of an ONNX file: IR version 8, operator set 13. */
export function onnxModel(graph: OnnxGraph): Uint8Array {
  const operatorSet = message((writer) => writer.uint32(varint(2)).int64(13));
  return message((writer) =>
    writer
      .uint32(varint(1))
      .int64(8)
      .uint32(lengthDelimited(7))
      .bytes(graphProto(graph))
      .uint32(lengthDelimited(8))
      .bytes(operatorSet),
  );
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

function nodeProto({ operator, inputs, outputs }: OnnxNode): Uint8Array {
  return message((writer) => {
    for (const input of inputs) writer.uint32(lengthDelimited(1)).string(input);
    for (const output of outputs) writer.uint32(lengthDelimited(2)).string(output);
    writer.uint32(lengthDelimited(4)).string(operator);
  });
}

function weightProto({ name, shape, data }: OnnxWeight): Uint8Array {
  return message((writer) => {
    for (const dimension of shape) writer.uint32(varint(1)).int64(dimension);
    writer.uint32(varint(2)).int32(elementTypes.float32);
    writer.uint32(lengthDelimited(8)).string(name);
    writer.uint32(lengthDelimited(9)).bytes(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  });
}

function valueInfo({ name, dtype = 'float32', shape }: OnnxPort): Uint8Array {
  const dimensions = message((writer) => {
    for (const dimension of shape) writer.uint32(lengthDelimited(1)).bytes(dimensionProto(dimension));
  });
  const tensorType = message((writer) =>
    writer.uint32(varint(1)).int32(elementTypes[dtype]).uint32(lengthDelimited(2)).bytes(dimensions),
  );
  const type = message((writer) => writer.uint32(lengthDelimited(1)).bytes(tensorType));
  return message((writer) =>
    writer.uint32(lengthDelimited(1)).string(name).uint32(lengthDelimited(2)).bytes(type),
  );
}

function dimensionProto(dimension: number | string): Uint8Array {
  return message((writer) =>
    typeof dimension === 'number'
      ? writer.uint32(varint(1)).int64(dimension)
      : writer.uint32(lengthDelimited(2)).string(dimension),
  );
}
