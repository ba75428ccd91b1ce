/** Graphs inside of graphs, and values that are no tensors on their way from one node to the next. */
import type { NumericType } from '@serving/client';
import type { OnnxGraph } from '../../../examples/onnx-writer.js';
import { across, constant, graph, input, type OperatorCase } from '../case.js';
import { everything, floats, numbers } from '../element-types.js';
import { exactly, ordinary } from '../values.js';

function branch(name: string, operator: string): OnnxGraph {
  return {
    name,
    inputs: [],
    outputs: [{ name }],
    nodes: [{ operator, inputs: ['x1', 'x1'], outputs: [name] }],
  };
}

/** A step adds the value to the state, which it hands on and shows. */
function step(dtype: NumericType, isLoop: boolean): OnnxGraph {
  const state = { name: 'state', dtype, shape: [3] };
  const counters = [
    { name: 'turn', dtype: 'int64', shape: [] },
    { name: 'again', dtype: 'bool', shape: [] },
  ] as const;
  const value = isLoop ? 'x1' : 'value';
  const add = { operator: 'Add', inputs: ['state', value], outputs: ['next'] };
  const show = { operator: 'Identity', inputs: ['next'], outputs: ['shown'] };
  const goOn = { operator: 'Identity', inputs: ['again'], outputs: ['go_on'] };
  const results = [
    { name: 'next', dtype, shape: [3] },
    { name: 'shown', dtype, shape: [3] },
  ];
  if (!isLoop)
    return {
      name: 'step',
      inputs: [state, { name: value, dtype, shape: [3] }],
      outputs: results,
      nodes: [add, show],
    };
  return {
    name: 'step',
    inputs: [...counters, state],
    outputs: [{ name: 'go_on', dtype: 'bool', shape: [] }, ...results],
    nodes: [goOn, add, show],
  };
}

const control: OperatorCase[] = [
  ...across(numbers, (dtype) =>
    graph('If', dtype, {
      inputs: [input('bool', [], exactly([1], [0])), input(dtype, [3, 5], ordinary)],
      nodes: [
        {
          operator: 'If',
          inputs: ['x0'],
          outputs: ['y0'],
          attributes: {
            then_branch: { graph: typed(branch('sum', 'Add'), dtype) },
            else_branch: { graph: typed(branch('product', 'Mul'), dtype) },
          },
        },
      ],
    }),
  ),
  ...across(numbers, (dtype) =>
    graph('Loop', dtype, {
      inputs: [
        input('int64', [], exactly([3], [4])),
        input(dtype, [3], ordinary),
        constant('bool', [], exactly([1])),
      ],
      outputs: [dtype, dtype],
      nodes: [
        {
          operator: 'Loop',
          inputs: ['x0', 'c2', 'x1'],
          outputs: ['y0', 'y1'],
          attributes: { body: { graph: step(dtype, true) } },
        },
      ],
    }),
  ),
  ...across(numbers, (dtype) =>
    graph('Scan', dtype, {
      inputs: [input(dtype, [3], ordinary), input(dtype, [5, 3], ordinary)],
      outputs: [dtype, dtype],
      nodes: [
        {
          operator: 'Scan',
          inputs: ['x0', 'x1'],
          outputs: ['y0', 'y1'],
          attributes: { body: { graph: step(dtype, false) }, num_scan_inputs: { int: 1 } },
        },
      ],
    }),
  ),
];

function typed(nested: OnnxGraph, dtype: NumericType): OnnxGraph {
  return { ...nested, outputs: nested.outputs.map((output) => ({ ...output, dtype })) };
}

const sequences: OperatorCase[] = [
  ...across(everything, (dtype) =>
    graph('SequenceAt', dtype, {
      inputs: [input(dtype, [3]), input(dtype, [3]), input('int64', [], exactly([0], [1]))],
      nodes: [
        { operator: 'SequenceConstruct', inputs: ['x0', 'x1'], outputs: ['s'] },
        { operator: 'SequenceAt', inputs: ['s', 'x2'], outputs: ['y0'] },
      ],
    }),
  ),
  ...across(everything, (dtype) =>
    graph('ConcatFromSequence', dtype, {
      inputs: [input(dtype, [3, 2]), input(dtype, [1, 2]), constant('int64', [], exactly([0]))],
      outputs: [dtype, 'int64'],
      nodes: [
        { operator: 'SequenceConstruct', inputs: ['x0', 'x0'], outputs: ['s'] },
        { operator: 'SequenceInsert', inputs: ['s', 'x1', 'c2'], outputs: ['longer'] },
        {
          operator: 'ConcatFromSequence',
          inputs: ['longer'],
          outputs: ['y0'],
          attributes: { axis: { int: 0 } },
        },
        { operator: 'SequenceLength', inputs: ['longer'], outputs: ['y1'] },
      ],
    }),
  ),
  ...across([...floats, 'int32', 'int64', 'bool'], (dtype) =>
    graph('SplitToSequence', dtype, {
      inputs: [
        input(dtype, [5, 2]),
        constant('int64', [], exactly([2])),
        constant('int64', [], exactly([0])),
      ],
      nodes: [
        {
          operator: 'SplitToSequence',
          inputs: ['x0', 'c1'],
          outputs: ['s'],
          attributes: { axis: { int: 0 } },
        },
        { operator: 'SequenceErase', inputs: ['s', 'c2'], outputs: ['shorter'] },
        {
          operator: 'ConcatFromSequence',
          inputs: ['shorter'],
          outputs: ['y0'],
          attributes: { axis: { int: 0 } },
        },
      ],
    }),
  ),
];

export const controlCases: OperatorCase[] = [...control, ...sequences];
