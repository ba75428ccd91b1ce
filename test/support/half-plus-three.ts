/** The toy model of TensorFlow Serving's documentation: y = x / 2 + 3. */
import { onnxModel } from '../../examples/onnx-writer.js';
import type { FolderContents } from './temporary-folder.js';

/** Version 123, as there. Without a configuration: one method `predict`, with a batch. */
export function halfPlusThree(): FolderContents {
  const model = onnxModel({
    name: 'half_plus_three',
    inputs: [{ name: 'x', shape: ['N'] }],
    outputs: [{ name: 'y', shape: ['N'] }],
    nodes: [
      { operator: 'Mul', inputs: ['x', 'half'], outputs: ['halves'] },
      { operator: 'Add', inputs: ['halves', 'three'], outputs: ['y'] },
    ],
    weights: [
      { name: 'half', shape: [1], data: Float32Array.of(0.5) },
      { name: 'three', shape: [1], data: Float32Array.of(3) },
    ],
  });
  return { '123/half_plus_three.onnx': model };
}
