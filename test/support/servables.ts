/** Servables made in code: folders that end with the test file, configurations as text, and tiny ONNX models. */
import { join } from 'node:path';
import { onnxModel, type ElementType, type OnnxNode } from '../../examples/onnx-writer.js';
import { temporaryFolder, writeFiles, type FolderContents } from './temporary-folder.js';

/** Writes servables below a new folder and returns it: what `--directory` takes. */
export function servables(byName: Readonly<Record<string, FolderContents>>): string {
  const directory = temporaryFolder();
  for (const [name, files] of Object.entries(byName)) writeFiles(join(directory, name), files);
  return directory;
}

/** A servable of functions only: its configuration and the version folder that every servable has. */
export function functionServable(body: string): FolderContents {
  return { 'servable_config.ts': configuration(body), '1/': '' };
}

/** A configuration with everything imported. The body starts on line 2. */
export function configuration(body: string): string {
  return `import { addStage, declareModel, Model, Placeholder, registerMethod, StringTensor, Tensor } from '@serving/worker';\n${body}\n`;
}

/** Undefined for any number of dimensions. */
type Shape = readonly (number | string)[] | undefined;

/** y = x1 + x2. */
export function addModel(shape: Shape, dtype: ElementType = 'float32'): Uint8Array {
  return onnxModel({
    name: 'add',
    inputs: [
      { name: 'x1', shape, dtype },
      { name: 'x2', shape, dtype },
    ],
    outputs: [{ name: 'y', shape, dtype }],
    nodes: [{ operator: 'Add', inputs: ['x1', 'x2'], outputs: ['y'] }],
  });
}

/** y = a b, whose dimensions 0 are different ones. */
export const productModel = onnxModel({
  name: 'product',
  inputs: [
    { name: 'a', shape: ['M', 'K'] },
    { name: 'b', shape: ['K', 'N'] },
  ],
  outputs: [{ name: 'y', shape: ['M', 'N'] }],
  nodes: [{ operator: 'MatMul', inputs: ['a', 'b'], outputs: ['y'] }],
});

/** y = the input called `input`. */
export function identityModel(shape: Shape, dtype: ElementType = 'float32', input = 'x'): Uint8Array {
  return onnxModel({
    name: 'identity',
    inputs: [{ name: input, shape, dtype }],
    outputs: [{ name: 'y', shape, dtype }],
    nodes: [{ operator: 'Identity', inputs: [input], outputs: ['y'] }],
  });
}

/** Every instance's y is the sum of all x of the run: with ones given, how many instances ran together. */
export function runSizeModel(): Uint8Array {
  const shape = ['N', 1];
  return onnxModel({
    name: 'run_size',
    inputs: [{ name: 'x', shape }],
    outputs: [{ name: 'y', shape }],
    nodes: [
      { operator: 'Sub', inputs: ['x', 'x'], outputs: ['zero'] },
      { operator: 'ReduceSum', inputs: ['x'], outputs: ['sum'] },
      { operator: 'Add', inputs: ['zero', 'sum'], outputs: ['y'] },
    ],
  });
}

/** Products of `size` x `size` matrices, `count` of them one after another. */
function matrixProducts(first: string, size: number, count: number) {
  const nodes: OnnxNode[] = Array.from({ length: count }, (_, i) => ({
    operator: 'MatMul',
    inputs: [i === 0 ? first : `p${i - 1}`, 'w'],
    outputs: [`p${i}`],
  }));
  const weights = [{ name: 'w', shape: [size, size], data: new Float32Array(size * size).fill(1 / size) }];
  return { nodes, weights, last: `p${count - 1}` };
}

/** A run of it stays in native code for long: y = x w w w … */
export function slowRunModel(size: number, count: number): Uint8Array {
  const { nodes, weights, last } = matrixProducts('x', size, count);
  return onnxModel({
    name: 'slow_run',
    inputs: [{ name: 'x', shape: [size, size] }],
    outputs: [{ name: last, shape: [size, size] }],
    nodes,
    weights,
  });
}

/** Loading it stays in native code for long: onnxruntime works out w w w … before the first run. */
export function slowLoadModel(size: number, count: number): Uint8Array {
  const { nodes, weights, last } = matrixProducts('w', size, count);
  return onnxModel({
    name: 'slow_load',
    inputs: [{ name: 'x', shape: [size, size] }],
    outputs: [{ name: 'y', shape: [size, size] }],
    nodes: [...nodes, { operator: 'Add', inputs: ['x', last], outputs: ['y'] }],
    weights,
  });
}
