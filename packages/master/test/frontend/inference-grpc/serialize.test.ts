import { expect, test } from '@jest/globals';
import { bytesColumn, inference, numericColumn } from '@serving/common';
import fc from 'fast-check';
import { joinElements } from '../../../src/frontend/inference/bytes-elements.js';
import { noParameters, type OutputTensor } from '../../../src/frontend/inference/infer-request.js';
import {
  writeResponse,
  writeStreamError,
  writeStreamResponse,
} from '../../../src/frontend/inference-grpc/serialize.js';

/** Three instances in segments of any cut, of which any range is an output. */
const numeric = fc
  .tuple(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.subarray([4, 8]), fc.nat(3), fc.nat(3))
  .map(([bytes, cuts, a, b]) => {
    const edges = [0, ...cuts, 12];
    const segments = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
    const [from, to] = [Math.min(a, b), Math.max(a, b)];
    const range = { column: numericColumn('n', 'int16', [2], segments), from, to };
    return { range, raw: bytes.subarray(from * 4, to * 4) };
  });
const bytes = fc
  .tuple(fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 6, maxLength: 6 }), fc.nat(3))
  .map(([elements, from]) => ({
    range: { column: bytesColumn('b', 'string', [2], elements), from, to: 3 },
    raw: Buffer.concat(joinElements(elements.slice(from * 2))),
  }));

const output = (
  name: string,
  given: readonly { range: OutputTensor['ranges'][number]; raw: Uint8Array }[],
) => {
  const ranges = given.map(({ range }) => range);
  const count = ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  const tensor: OutputTensor = { name, dtype: ranges[0]!.column.dtype, shape: [count, 2], ranges };
  return { tensor, raw: Buffer.concat(given.map(({ raw }) => raw)) };
};

const outputs = fc
  .tuple(fc.array(numeric, { minLength: 1, maxLength: 3 }), fc.array(bytes, { minLength: 1, maxLength: 3 }))
  .map(([n, b]) => [output('n', n), output('b', b)]);

test('an answer reads back as it was written, alone and on a stream', () => {
  fc.assert(
    fc.property(outputs, fc.string(), fc.boolean(), (given, id, isLast) => {
      const response = { model: 'm', version: 7, id, outputs: given.map(({ tensor }) => tensor) };
      const alone = inference.ModelInferResponse.decode(Buffer.concat(writeResponse(response)));
      const { inferResponse, errorMessage } = inference.ModelStreamInferResponse.decode(
        writeStreamResponse(response, isLast),
      );
      expect(errorMessage).toBe('');
      expect([...inferResponse!.parameters]).toEqual([
        ['triton_final_response', { parameterChoice: { $case: 'boolParam', value: isLast } }],
      ]);
      for (const read of [alone, inferResponse!]) {
        expect(read).toMatchObject({ modelName: 'm', modelVersion: '7', id });
        expect(read.outputs.map(({ name, datatype, shape }) => [name, datatype, shape])).toEqual(
          given.map(({ tensor: { name, shape } }) => [
            name,
            name === 'n' ? 'INT16' : 'BYTES',
            shape.map(BigInt),
          ]),
        );
        expect(read.rawOutputContents.map((raw) => [...raw])).toEqual(given.map(({ raw }) => [...raw]));
      }
    }),
  );
});

test('an answer without outputs', () => {
  const pieces = writeResponse({ model: 'm', version: 1, id: '', outputs: [] });
  expect(inference.ModelInferResponse.decode(Buffer.concat(pieces))).toMatchObject({
    modelName: 'm',
    outputs: [],
  });
});

test('an error on a stream names its request, to which it is the last answer', () => {
  const request = {
    model: 'm',
    version: '7',
    id: 'a',
    retainedBytes: 0,
    parameters: noParameters,
    inputs: [],
    outputs: [],
  };
  const { errorMessage, inferResponse } = inference.ModelStreamInferResponse.decode(
    writeStreamError(request, 'why'),
  );
  expect(errorMessage).toBe('why');
  expect(inferResponse).toMatchObject({ modelName: 'm', modelVersion: '7', id: 'a', outputs: [] });
  expect([...inferResponse!.parameters]).toEqual([
    ['triton_final_response', { parameterChoice: { $case: 'boolParam', value: true } }],
  ]);
});
