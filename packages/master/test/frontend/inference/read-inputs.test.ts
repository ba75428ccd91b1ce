/** The batch rule, and what is said of tensors that do not go with their model. */
import { beforeEach, expect, test } from '@jest/globals';
import { ServingError, type MethodSignature, type Port } from '@serving/common';
import type { InferInput } from '../../../src/frontend/inference/infer-request.js';
import { readInputs } from '../../../src/frontend/inference/read-inputs.js';
import { floatBytes, InferenceBench, method } from '../../support/inference.js';

let bench: InferenceBench;
beforeEach(() => {
  bench = new InferenceBench();
});

const fp32 = (name: string, shape: readonly number[], more: Partial<InferInput> = {}): InferInput => ({
  name,
  datatype: 'FP32',
  shape,
  parameters: new Map(),
  ...more,
  contents: more.contents ?? new Uint8Array(4 * shape.reduce((product, dimension) => product * dimension, 1)),
});

/** The block's instances and columns, or the error. */
function read(ports: readonly Port[], more: Partial<MethodSignature>, inputs: readonly InferInput[]) {
  bench.serve({ servable: 's', methods: [method('m', ports, more)] });
  try {
    const { count, columns } = readInputs(bench.models.ready('s', ''), inputs);
    return [count, ...columns.map(({ name, dtype, shape }) => `${name} ${dtype} [${shape.join(',')}]`)];
  } catch (thrown) {
    const { code, message } = ServingError.from(thrown);
    return `${code}: ${message}`;
  }
}

const x: Port = { name: 'x', dtype: 'float32', shape: [2, 'N'] };
const open: Port = { name: 'x' };
const batched = { batched: true };

test.each<[string, Port[], Partial<MethodSignature>, InferInput[], (number | string)[]]>([
  ['a model without a batch takes one instance', [x], {}, [fp32('x', [2, 3])], [1, 'x float32 [2,3]']],
  ['a batched one as many as dimension 0 says', [x], batched, [fp32('x', [4, 2, 3])], [4, 'x float32 [2,3]']],
  ['also when its shape is open', [open], batched, [fp32('x', [4])], [4, 'x float32 []']],
  ['scalars have a batch, too', [{ name: 'x', shape: [] }], batched, [fp32('x', [3])], [3, 'x float32 []']],
  [
    'or one dimension of 1 after it',
    [{ name: 'x', shape: [] }],
    batched,
    [fp32('x', [3, 1])],
    [3, 'x float32 [1]'],
  ],
  ['[1] may be left out', [{ name: 'x', shape: [1] }], {}, [fp32('x', [])], [1, 'x float32 []']],
  ['empty tensors', [x], batched, [fp32('x', [3, 2, 0])], [3, 'x float32 [2,0]']],
  [
    'several inputs, in the order of the method',
    [x, { name: 'z' }],
    batched,
    [fp32('z', [2, 5]), fp32('x', [2, 2, 1])],
    [2, 'x float32 [2,1]', 'z float32 [5]'],
  ],
  ['no inputs', [], batched, [], [1]],
])('%s', (_, ports, more, inputs, expected) => {
  expect(read(ports, more, inputs)).toEqual(expected);
});

const bytes = (shape: number[], count: number, more: Partial<InferInput> = {}): InferInput =>
  fp32('x', shape, {
    datatype: 'BYTES',
    contents: Array.from({ length: count }, () => Uint8Array.of(65)),
    ...more,
  });

test.each<[string, Port, Partial<MethodSignature>, InferInput, (number | string)[]]>([
  ['text where text is declared', { name: 'x', dtype: 'string' }, {}, bytes([1], 1), [1, 'x string []']],
  ['bytes where bytes are', { name: 'x', dtype: 'bytes' }, batched, bytes([2, 1], 2), [2, 'x bytes []']],
  ['bytes where nothing is declared', open, batched, bytes([2], 2), [2, 'x bytes []']],
  [
    'or text, if the client says so',
    open,
    {},
    bytes([1], 1, { parameters: new Map([['content_type', 'str']]) }),
    [1, 'x string []'],
  ],
  ['several are a tensor', open, {}, bytes([2], 2), [1, 'x bytes [2]']],
  [
    'so is one where a tensor is declared',
    { name: 'x', dtype: 'string', shape: ['N'] },
    {},
    bytes([1], 1),
    [1, 'x string [1]'],
  ],
  [
    'raw ones',
    { name: 'x', dtype: 'bytes' },
    {},
    bytes([], 1, { contents: Uint8Array.of(1, 0, 0, 0, 65) }),
    [1, 'x bytes []'],
  ],
])('BYTES: %s', (_, port, more, input, expected) => {
  expect(read([port], more, [input])).toEqual(expected);
});

const note =
  'NOTE: Setting a non-zero max_batch_size in the model config requires a batch dimension to be prepended to each input shape.';

test.each<[string, Port[], Partial<MethodSignature>, InferInput[], string]>([
  [
    'an unknown input',
    [x],
    {},
    [fp32('z', [1])],
    "INPUT_MISMATCH: unexpected inference input 'z' for model 's'; expected x",
  ],
  [
    'an input twice',
    [x],
    {},
    [fp32('x', [2, 1]), fp32('x', [2, 1])],
    "INPUT_MISMATCH: input 'x' is given twice for model 's'",
  ],
  [
    'a missing input',
    [x, { name: 'z' }],
    {},
    [fp32('z', [1])],
    "INPUT_MISMATCH: expected 2 inputs but got 1 inputs for model 's'. Got input(s) ['z'], but missing required input(s) ['x']. Please provide all required input(s).",
  ],
  [
    'no batch dimension',
    [open],
    batched,
    [fp32('x', [])],
    "INPUT_MISMATCH: input 'x' has no shape but model requires batch dimension for 's'; expected [n,…]",
  ],
  [
    'batches that differ',
    [open, { name: 'z' }],
    batched,
    [fp32('x', [2]), fp32('z', [3])],
    "INPUT_MISMATCH: input 'z' batch size does not match other inputs for 's'; expected 2, given 3",
  ],
  [
    'an empty batch',
    [open],
    batched,
    [fp32('x', [0, 2])],
    "INPUT_MISMATCH: model 's': expected a batch of at least 1 instance, given 0",
  ],
  [
    'another datatype',
    [x],
    {},
    [fp32('x', [2, 1], { datatype: 'FP64' })],
    "INPUT_MISMATCH: inference input 'x' data-type is 'FP64', but model 's' expects 'FP32'",
  ],
  [
    'a datatype that is none',
    [open],
    {},
    [fp32('x', [1], { datatype: 'BF16' })],
    "INVALID_TENSOR: input 'x' for model 's': expected a datatype out of BOOL, INT8, UINT8, INT16, UINT16, INT32, UINT32, INT64, UINT64, FP16, FP32, FP64, BYTES, given 'BF16'",
  ],
  [
    'another shape',
    [x],
    {},
    [fp32('x', [3, 1])],
    "INPUT_MISMATCH: unexpected shape for input 'x' for model 's'. Expected [2,-1], got [3,1]",
  ],
  [
    'a batch where there is none',
    [x],
    {},
    [fp32('x', [1, 2, 1])],
    "INPUT_MISMATCH: unexpected shape for input 'x' for model 's'. Expected [2,-1], got [1,2,1]",
  ],
  [
    'none where there is one',
    [x],
    batched,
    [fp32('x', [2, 3])],
    `INPUT_MISMATCH: unexpected shape for input 'x' for model 's'. Expected [-1,2,-1], got [2,3]. ${note}`,
  ],
  [
    'a dimension below 0',
    [open],
    {},
    [fp32('x', [-1], { contents: floatBytes() })],
    "INVALID_TENSOR: input 'x' for model 's': shape [-1] is invalid: expected at most 64 dimensions from 0, and at most 2^32-1 elements",
  ],
  [
    'dimensions whose product is too large',
    [open],
    {},
    [fp32('x', [2 ** 31, 2], { contents: floatBytes() })],
    "INVALID_TENSOR: input 'x' for model 's': shape [2147483648,2] is invalid: expected at most 64 dimensions from 0, and at most 2^32-1 elements",
  ],
  [
    'too few bytes',
    [open],
    {},
    [fp32('x', [2], { contents: floatBytes(1) })],
    "INVALID_TENSOR: input byte size mismatch for input 'x' for model 's'. Expected 8, got 4",
  ],
  [
    'elements of BYTES for numbers',
    [open],
    {},
    [fp32('x', [1], { contents: [Uint8Array.of(1)] })],
    "INVALID_TENSOR: input byte size mismatch for input 'x' for model 's'. Expected 4, got elements of BYTES",
  ],
  [
    'too few elements',
    [open],
    {},
    [bytes([2], 1)],
    "INVALID_TENSOR: input 'x' for model 's': expected 2 elements of BYTES, given 1",
  ],
])('%s', (_, ports, more, inputs, expected) => {
  expect(read(ports, more, inputs)).toBe(expected);
});
