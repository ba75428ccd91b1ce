/** Signals: windows and transforms. */
import { elementTypes } from '../../../examples/onnx-writer.js';
import { across, constant, input, op, type OperatorCase } from '../case.js';
import { floats } from '../element-types.js';
import { exactly, ordinary } from '../values.js';

const windows: OperatorCase[] = ['HannWindow', 'HammingWindow', 'BlackmanWindow'].flatMap((operator) =>
  across(['int32', 'int64'], (dtype) => [
    op(operator, dtype, { inputs: [input(dtype, [], exactly([7], [10]))], outputs: ['float32'] }),
    op(operator, dtype, {
      variant: 'symmetric',
      inputs: [input(dtype, [], exactly([7], [10]))],
      outputs: ['float64'],
      attributes: { periodic: { int: 0 }, output_datatype: { int: elementTypes.float64 } },
    }),
  ]),
);

const transforms: OperatorCase[] = [
  ...across(floats, (dtype) => [
    op('DFT', dtype, { inputs: [input(dtype, [1, 16, 1], ordinary)] }),
    op('DFT', dtype, { variant: 'odd_length', inputs: [input(dtype, [1, 7, 2], ordinary)] }),
    op('DFT', dtype, {
      variant: 'one_sided',
      inputs: [input(dtype, [1, 12, 1], ordinary)],
      attributes: { onesided: { int: 1 } },
    }),
    op('DFT', dtype, {
      variant: 'inverse',
      inputs: [input(dtype, [1, 8, 2], ordinary)],
      attributes: { inverse: { int: 1 } },
    }),
  ]),
  ...across(floats, (dtype) =>
    op('STFT', dtype, {
      inputs: [
        input(dtype, [1, 32, 1], ordinary),
        constant('int64', [], exactly([8])),
        input(dtype, [8], ordinary),
      ],
      attributes: { onesided: { int: 1 } },
    }),
  ),
  ...across(['int64'], (dtype) =>
    op('MelWeightMatrix', dtype, {
      inputs: [
        input(dtype, [], exactly([8], [5])),
        constant(dtype, [], exactly([16])),
        constant('int64', [], exactly([8192])),
        input('float32', [], exactly([0], [10])),
        constant('float32', [], exactly([4096])),
      ],
      outputs: ['float32'],
    }),
  ),
];

export const signalCases: OperatorCase[] = [...windows, ...transforms];
