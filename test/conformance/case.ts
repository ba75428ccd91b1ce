/** What a case of the suite is, and the few words that lists of cases are written with. */
import type { NumericType, TypedArray } from '@serving/client';
import type { ElementType, OnnxAttribute, OnnxNode } from '../../examples/onnx-writer.js';
import { any, anyTexts, type Random, type Texts, type Values } from './values.js';

type Shape = readonly number[];

/** An input of the operator. */
export type Operand = NumericOperand | TextOperand;

interface OperandLayout {
  /** The shape in each of the two instances. */
  readonly shapes: readonly [Shape, Shape];
  /** Part of the model instead of the request. */
  readonly isConstant: boolean;
}

interface NumericOperand extends OperandLayout {
  readonly dtype: NumericType;
  readonly elements: (count: number, random: Random, instance: number) => TypedArray;
}

interface TextOperand extends OperandLayout {
  readonly dtype: 'string';
  readonly elements: Texts;
}

export interface OperatorCase {
  /** Unique, and fit for the name of a file. */
  readonly name: string;
  /** What the case counts for: the operators in it and the element type it is about. */
  readonly operators: readonly string[];
  readonly dtype: ElementType;
  /** Sent by name as x0, x1, …; constants are counted too, and c0, c1, … are theirs. */
  readonly operands: readonly (Operand | undefined)[];
  /** Of the outputs y0, y1, …; undefined for one that is left out. */
  readonly outputs: readonly (ElementType | undefined)[];
  readonly nodes: readonly OnnxNode[];
  readonly operatorSet: number;
}

/** An input that comes with the request. With `other`, the second instance has another shape. */
export function input(dtype: NumericType, shape: Shape, values: Values = any, other = shape): Operand {
  return { ...numeric(dtype, values), shapes: [shape, other], isConstant: false };
}

/** An input that is part of the model. */
export function constant(dtype: NumericType, shape: Shape, values: Values): Operand {
  return { ...numeric(dtype, values), shapes: [shape, shape], isConstant: true };
}

function numeric(dtype: NumericType, values: Values): Pick<NumericOperand, 'dtype' | 'elements'> {
  return { dtype, elements: (count, random, instance) => values(dtype, count, random, instance) };
}

/** Texts that come with the request. */
export function texts(shape: Shape, elements: Texts = anyTexts, other = shape): Operand {
  return { dtype: 'string', shapes: [shape, other], elements, isConstant: false };
}

/** Texts that are part of the model. */
export function constantTexts(shape: Shape, elements: Texts): Operand {
  return { dtype: 'string', shapes: [shape, shape], elements, isConstant: true };
}

/** What inputs and outputs are called in the nodes of a case. */
export function operandName(operand: Operand | undefined, index: number): string {
  if (operand === undefined) return '';
  return `${operand.isConstant ? 'c' : 'x'}${index}`;
}

interface CaseOptions {
  readonly inputs: readonly (Operand | undefined)[];
  /** @default one of the element type that the case is about */
  readonly outputs?: readonly (ElementType | undefined)[];
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Tells apart the cases of an operator. */
  readonly variant?: string;
  readonly domain?: string;
  /** Version of ONNX's own operator set. @default 21 */
  readonly operatorSet?: number;
}

/** A model of one operator. */
export function op(operator: string, dtype: ElementType, options: CaseOptions): OperatorCase {
  const { inputs, outputs = [dtype], attributes, domain, variant, operatorSet = 21 } = options;
  const node: OnnxNode = {
    operator,
    inputs: inputs.map(operandName),
    outputs: outputs.map((output, index) => (output === undefined ? '' : `y${index}`)),
    ...(attributes === undefined ? {} : { attributes }),
    ...(domain === undefined ? {} : { domain }),
  };
  return {
    name: [domain?.split('.').at(-1), operator, dtype, variant]
      .filter((part) => part !== undefined)
      .join('_'),
    operators: [domain === undefined ? operator : `${domain}.${operator}`],
    dtype,
    operands: inputs,
    outputs,
    nodes: [node],
    operatorSet,
  };
}

interface GraphOptions extends Omit<CaseOptions, 'attributes' | 'domain' | 'variant'> {
  readonly nodes: readonly OnnxNode[];
}

/** A model of several operators: for those that make or take what is no tensor, and for nested graphs. */
export function graph(name: string, dtype: ElementType, options: GraphOptions): OperatorCase {
  const { inputs: operands, outputs = [dtype], nodes, operatorSet = 21 } = options;
  const operators = nodes.map((node) => node.operator);
  return { name: `${name}_${dtype}`, operators, dtype, operands, outputs, nodes, operatorSet };
}

/** One case for each element type. */
export function across(
  dtypes: readonly NumericType[],
  build: (dtype: NumericType) => OperatorCase | readonly OperatorCase[],
): OperatorCase[] {
  return dtypes.flatMap(build);
}
