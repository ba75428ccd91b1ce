/**
 * Writes the two models of this example: a sum and a difference of matrices with a batch dimension.
 * Usage: npx jiti examples/add-sub/export-models.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onnxModel } from '../onnx-writer.ts';

const shape = ['N', 2, 2];

function model(operator: 'Add' | 'Sub'): Uint8Array {
  return onnxModel({
    name: `tensor_${operator.toLowerCase()}`,
    inputs: [
      { name: 'a', shape },
      { name: 'b', shape },
    ],
    outputs: [{ name: 'c', shape }],
    nodes: [{ operator, inputs: ['a', 'b'], outputs: ['c'] }],
  });
}

/** What lies in the repository: file below this folder → model. */
export const models = {
  'add-sub/1/tensor_add.onnx': model('Add'),
  'add-sub/1/tensor_sub.onnx': model('Sub'),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, bytes] of Object.entries(models)) {
    writeFileSync(new URL(file, import.meta.url), bytes);
    console.log(`wrote ${file} (${bytes.length} bytes)`);
  }
}
