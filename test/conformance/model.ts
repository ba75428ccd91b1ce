/** A case as an ONNX file and as instances to send. */
import { Tensor } from '@serving/client';
import { onnxModel, type OnnxPort } from '../../examples/onnx-writer.js';
import { operandName, type Operand, type OperatorCase } from './case.js';
import { randomFrom } from './values.js';

export type Inputs = Readonly<Record<string, Tensor>>;

const extraOperatorSets = { 'com.microsoft': 1, 'ai.onnx.ml': 3 };

export function modelOf(operatorCase: OperatorCase): Uint8Array {
  const { name, operands, outputs, nodes, operatorSet } = operatorCase;
  const inputs: OnnxPort[] = [];
  const weights = [];
  for (const [index, operand] of operands.entries()) {
    if (operand === undefined) continue;
    const port = { name: operandName(operand, index), dtype: operand.dtype };
    if (operand.isConstant) weights.push({ ...port, ...dataOf(operatorCase, index, operand, 0) });
    else inputs.push({ ...port, shape: declaredShape(operand) });
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

/** The two instances of the case's request. */
export function instancesOf(operatorCase: OperatorCase): readonly [Inputs, Inputs] {
  return [inputsOf(operatorCase, 0), inputsOf(operatorCase, 1)];
}

function inputsOf(operatorCase: OperatorCase, instance: 0 | 1): Inputs {
  const inputs: Record<string, Tensor> = {};
  for (const [index, operand] of operatorCase.operands.entries()) {
    if (operand === undefined || operand.isConstant) continue;
    const { shape, data } = dataOf(operatorCase, index, operand, instance);
    inputs[operandName(operand, index)] = new Tensor(operand.dtype, shape, data);
  }
  return inputs;
}

function dataOf({ name }: OperatorCase, index: number, operand: Operand, instance: 0 | 1) {
  const shape = operand.shapes[instance];
  const count = shape.reduce((product, dimension) => product * dimension, 1);
  const random = randomFrom(`${name}/${index}/${instance}`);
  return { shape, data: operand.values(operand.dtype, count, random, instance) };
}

/** Dimensions in which the instances differ are symbolic. */
function declaredShape({ shapes: [first, second] }: Operand): (number | string)[] {
  return first.map((dimension, axis) => (dimension === second[axis] ? dimension : `d${axis}`));
}
