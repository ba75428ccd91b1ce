/** The models of the cases, made in code: x in, y out, dimension 0 the batch. */
import { onnxModel, type OnnxNode, type OnnxWeight } from '../../examples/onnx-writer.ts';
import { exactInput, exactWeights } from './exact-weights.ts';

export interface BenchModel {
  /** Of the servable. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Of one instance. */
  readonly inputShape: readonly number[];
  readonly input: Float32Array;
}

type Layer = { readonly nodes: readonly OnnxNode[]; readonly weight: OnnxWeight };

function model(name: string, inputShape: readonly number[], layers: readonly Layer[]): BenchModel {
  const bytes = onnxModel({
    name,
    inputs: [{ name: 'x', shape: ['N', ...inputShape] }],
    outputs: [{ name: 'y' }],
    nodes: layers.flatMap(({ nodes }) => nodes),
    weights: layers.map(({ weight }) => weight),
  });
  const count = inputShape.reduce((product, dimension) => product * dimension, 1);
  return { name, bytes, inputShape, input: exactInput(count) };
}

/** output = Relu(input × weights) */
function dense(index: number, inputs: number, outputs: number, from: string, to: string): Layer {
  const weight = `w${index}`;
  return {
    nodes: [
      { operator: 'MatMul', inputs: [from, weight], outputs: [`product${index}`] },
      { operator: 'Relu', inputs: [`product${index}`], outputs: [to] },
    ],
    weight: { name: weight, shape: [inputs, outputs], data: exactWeights(inputs, outputs, 'by-input') },
  };
}

/** Dense layers one after another. */
function denseModel(name: string, sizes: readonly number[]): BenchModel {
  const last = sizes.length - 2;
  const layers = sizes
    .slice(1)
    .map((outputs, index) =>
      dense(
        index,
        sizes[index]!,
        outputs,
        index === 0 ? 'x' : `h${index - 1}`,
        index === last ? 'y' : `h${index}`,
      ),
    );
  return model(name, [sizes[0]!], layers);
}

/** A small multi-layer perceptron, as for handwritten digits. */
export const mlpModel = () => denseModel('mlp', [784, 512, 512, 10]);

/** Eight layers whose weights, 4 MiB each, are read anew for every run: one instance costs nearly what eight do. */
export const matmulModel = () =>
  denseModel(
    'matmul',
    Array.from({ length: 9 }, () => 1024),
  );

interface Convolution {
  readonly inputs: number;
  readonly outputs: number;
  readonly stride: number;
}

/** output = Relu(a 3×3 convolution of the input) */
function convolution(index: number, { inputs, outputs, stride }: Convolution, from: string): Layer {
  const weight = `k${index}`;
  return {
    nodes: [
      {
        operator: 'Conv',
        inputs: [from, weight],
        outputs: [`c${index}`],
        attributes: {
          kernel_shape: { ints: [3, 3] },
          pads: { ints: [1, 1, 1, 1] },
          strides: { ints: [stride, stride] },
        },
      },
      { operator: 'Relu', inputs: [`c${index}`], outputs: [`r${index}`] },
    ],
    weight: {
      name: weight,
      shape: [outputs, inputs, 3, 3],
      data: exactWeights(inputs * 9, outputs, 'by-output'),
    },
  };
}

/** A picture of 3×112×112 through five convolutions to ten classes: several milliseconds an instance. */
export function convModel(): BenchModel {
  const convolutions = [
    { inputs: 3, outputs: 32, stride: 1 },
    { inputs: 32, outputs: 64, stride: 2 },
    { inputs: 64, outputs: 128, stride: 1 },
    { inputs: 128, outputs: 128, stride: 2 },
    { inputs: 128, outputs: 128, stride: 1 },
  ];
  const features = convolutions.map((each, index) =>
    convolution(index, each, index === 0 ? 'x' : `r${index - 1}`),
  );
  const classes = dense(9, 128, 10, 'flat', 'y');
  const pooled: OnnxNode[] = [
    { operator: 'GlobalMaxPool', inputs: [`r${convolutions.length - 1}`], outputs: ['pooled'] },
    { operator: 'Flatten', inputs: ['pooled'], outputs: ['flat'] },
  ];
  return model(
    'conv',
    [3, 112, 112],
    [...features, { nodes: [...pooled, ...classes.nodes], weight: classes.weight }],
  );
}
