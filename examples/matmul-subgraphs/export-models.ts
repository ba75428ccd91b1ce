/**
 * Writes the two subgraphs of this example: a vector of 2 times a 2x3 matrix, and one of 3 times a 3x2 matrix.
 * Usage: npx jiti examples/matmul-subgraphs/export-models.ts
 */
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onnxModel } from '../onnx-writer.ts';

/** y = x w for a matrix of `columns` columns, given in C order. */
function product(columns: number, elements: readonly number[]): Uint8Array {
  const rows = elements.length / columns;
  return onnxModel({
    name: 'matmul',
    inputs: [{ name: 'x', shape: ['N', rows] }],
    outputs: [{ name: 'y', shape: ['N', columns] }],
    nodes: [{ operator: 'MatMul', inputs: ['x', 'w'], outputs: ['y'] }],
    weights: [{ name: 'w', shape: [rows, columns], data: Float32Array.from(elements) }],
  });
}

/** What lies in the repository: file below this folder → model. */
export const models = {
  'matmul/1/matmul_0.onnx': product(3, [1, 2, 3, 4, 5, 6]),
  'matmul/1/matmul_1.onnx': product(2, [1, 0, 0, 1, 1, 1]),
};

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [file, bytes] of Object.entries(models)) {
    writeFileSync(new URL(file, import.meta.url), bytes);
    console.log(`wrote ${file} (${bytes.length} bytes)`);
  }
}
