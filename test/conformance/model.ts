/** A case as an ONNX file and as instances to send. */
import { StringTensor, Tensor } from '@serving/client';
import { onnxModel, type OnnxPort, type OnnxWeight } from '../../examples/onnx-writer.js';
import { operandName, type Operand, type OperatorCase } from './case.js';
import { randomFrom } from './values.js';

export type Inputs = Readonly<Record<string, Tensor | StringTensor>>;

const extraOperatorSets = { 'com.microsoft': 1, 'ai.onnx.ml': 3 };

export function modelOf(operatorCase: OperatorCase): Uint8Array {
  const { name, operands, outputs, nodes, operatorSet } = operatorCase;
  const inputs: OnnxPort[] = [];
  const weights: OnnxWeight[] = [];
  for (const [index, operand] of operands.entries()) {
    if (operand === undefined) continue;
    const port = { name: operandName(operand, index), dtype: operand.dtype };
    if (operand.isConstant) {
      const { shape, data } = dataOf(operatorCase, index, operand, 0);
      weights.push({ ...port, shape, data });
    } else inputs.push({ ...port, shape: declaredShape(operand) });
  }
  const written = outputNames(operatorCase).map((output) => ({
    name: output,
    dtype: outputs[Number(output.slice(1))]!,
  }));
  const graph = { name, inputs, outputs: written, nodes, weights };
  return onnxModel(graph, { '': operatorSet, ...extraOperatorSets });
}

/** Names of what a request of the case has to give, and of what it is answered with. */
export function inputNames({ operands }: OperatorCase): string[] {
  return operands.map(operandName).filter((name) => name.startsWith('x'));
}

export function outputNames({ outputs }: OperatorCase): string[] {
  return outputs.flatMap((output, index) => (output === undefined ? [] : [`y${index}`]));
}

/** Inputs of several texts: a request has one text an input, so a stage makes them of one. */
export function packedNames({ operands }: OperatorCase): string[] {
  return operands.flatMap((operand, index) =>
    operand?.dtype === 'string' && operand.shapes.some(({ length }) => length > 0)
      ? operandName(operand, index)
      : [],
  );
}

/** An instance as it is sent. */
export function requestOf(operatorCase: OperatorCase, inputs: Inputs): Record<string, Tensor | string> {
  const packed = packedNames(operatorCase);
  const entries = Object.entries(inputs).map(([name, value]) => {
    if (value instanceof Tensor) return [name, value] as const;
    const { shape, data } = value;
    return [name, packed.includes(name) ? JSON.stringify({ shape, data }) : data[0]!] as const;
  });
  return Object.fromEntries(entries);
}

/** What the two instances of the case's request give the model. */
export function instancesOf(operatorCase: OperatorCase): readonly [Inputs, Inputs] {
  return [inputsOf(operatorCase, 0), inputsOf(operatorCase, 1)];
}

function inputsOf(operatorCase: OperatorCase, instance: 0 | 1): Inputs {
  const inputs: Record<string, Tensor | StringTensor> = {};
  for (const [index, operand] of operatorCase.operands.entries()) {
    if (operand === undefined || operand.isConstant) continue;
    inputs[operandName(operand, index)] = dataOf(operatorCase, index, operand, instance);
  }
  return inputs;
}

function dataOf({ name }: OperatorCase, index: number, operand: Operand, instance: 0 | 1) {
  const shape = operand.shapes[instance];
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const random = randomFrom(`${name}/${index}/${instance}`);
  return operand.dtype === 'string'
    ? new StringTensor(shape, operand.elements(count, random, instance))
    : new Tensor(operand.dtype, shape, operand.elements(count, random, instance));
}

/** Dimensions in which the instances differ are symbolic. */
function declaredShape({ shapes: [first, second] }: Operand): (number | string)[] {
  return first.map((dimension, axis) => (dimension === second[axis] ? dimension : `d${axis}`));
}
