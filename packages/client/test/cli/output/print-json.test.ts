import { expect, test } from '@jest/globals';
import type { Tensor } from '@serving/common';
import { parseInstances } from '../../../src/cli/input/parse-instances.js';
import { resultJson } from '../../../src/cli/output/print-json.js';
import { InferError } from '../../../src/infer-error.js';
import type { Outputs } from '../../../src/infer-result.js';
import { tensor } from '../../../src/values/tensor-input.js';

function json(outputs: Outputs): string {
  return resultJson([{ ok: true, outputs }]);
}

test('has the form of a REST reply, errors in their place', () => {
  expect(
    resultJson([
      { ok: true, outputs: { y: tensor('float32', [1, 2], [2, 3.5]) } },
      { ok: false, error: new InferError('INVALID_INPUTS', 'bad "x"') },
    ]),
  ).toBe('{"instances":[{"y":[[2.0,3.5]]},{"error_msg":"bad \\"x\\""}]}\n');
});

test.each([
  [tensor('float32', [], 1.1), '1.100000023841858'],
  [
    tensor('float64', [4], [-0, 1e21, 1e-7, 123456789012345680000]),
    '[-0.0,1e+21,1e-7,123456789012345680000.0]',
  ],
  [tensor('float64', [3], [NaN, Infinity, -Infinity]), '[null,null,null]'],
  [tensor('float16', [1], [0.5]), '[0.5]'],
  [tensor('bool', [2], [true, false]), '[true,false]'],
  [tensor('int64', [2], [2n ** 63n - 1n, -1n]), '[9223372036854775807,-1]'],
  [tensor('uint64', [], 2n ** 64n - 1n), '18446744073709551615'],
  [tensor('int8', [2, 0], []), '[[],[]]'],
  ['text "quoted"', '"text \\"quoted\\""'],
  [Uint8Array.of(1, 2), '{"b64":"AQI="}'],
])('case %#', (value, text) => {
  expect(json({ y: value })).toBe(`{"instances":[{"y":${text}}]}\n`);
});

test('keeps a name such as __proto__', () => {
  const outputs = Object.fromEntries([['__proto__', 'a']]);
  expect(json(outputs)).toBe('{"instances":[{"__proto__":"a"}]}\n');
});

test('reads back as instances of the same types', () => {
  const outputs = { f: tensor('float32', [2], [1, -0]), i: tensor('int32', [1], [1]), s: 'a', b: true };
  const [instance] = parseInstances(json({ f: outputs.f, i: outputs.i, s: outputs.s }));
  const inputs = instance as ReadonlyMap<string, unknown>;
  expect(inputs.get('f')).toEqual(outputs.f);
  expect((inputs.get('i') as Tensor).dtype).toBe('int32');
  expect(inputs.get('s')).toBe('a');
});
