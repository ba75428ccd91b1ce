/**
 * Writes the models of this example: the tutorial's 2x2 addition, and a variant with a batch dimension.
 * Usage: npx jiti examples/add/export-model.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onnxModel } from '../onnx-writer.ts';

/** y = x1 + x2 for tensors of the given shape. */
export function addModel(shape: readonly (number | string)[]): Uint8Array {
  return onnxModel({
    name: 'tensor_add',
    inputs: [
      { name: 'x1', shape },
      { name: 'x2', shape },
    ],
    outputs: [{ name: 'y', shape }],
    nodes: [{ operator: 'Add', inputs: ['x1', 'x2'], outputs: ['y'] }],
  });
}

/** What lies in the repository: file below this folder → model. */
export const models = {
  'add/1/tensor_add.onnx': addModel([2, 2]),
  'add-batch/1/tensor_add.onnx': addModel(['N', 2, 2]),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, bytes] of Object.entries(models)) {
    writeFileSync(new URL(file, import.meta.url), bytes);
    console.log(`wrote ${file} (${bytes.length} bytes)`);
  }
}
