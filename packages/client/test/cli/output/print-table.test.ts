import { expect, test } from '@jest/globals';
import { resultTable } from '../../../src/cli/output/print-table.js';
import { InferError } from '../../../src/infer-error.js';
import { tensor } from '../../../src/values/tensor-input.js';

test('shows one row an output and one a failed instance', () => {
  const table = resultTable([
    { ok: true, outputs: { y: tensor('float32', [1, 2], [1, 2]), label: 'cat' } },
    { ok: false, error: new InferError('INVALID_INPUTS', 'bad x') },
    { ok: true, outputs: { image: Uint8Array.of(1, 255) } },
    { ok: true, outputs: {} },
  ]);
  expect(table).toBe(
    [
      'INSTANCE  OUTPUT  DTYPE    SHAPE  VALUE',
      '0         y       float32  [1,2]  [[1, 2]]',
      '0         label   string   []     "cat"',
      '1         -       -        -      INVALID_INPUTS: bad x',
      '2         image   bytes    []     01ff (2 bytes)',
      '3         -       -        -      no outputs',
      '',
    ].join('\n'),
  );
});

test('shortens long strings and bytes', () => {
  const outputs = { text: 'a'.repeat(1000), image: new Uint8Array(1000) };
  const table = resultTable([{ ok: true, outputs }]);
  expect(table).toContain(`"${'a'.repeat(120)}"... (1000 characters)`);
  expect(table).toContain(`${'00'.repeat(24)}... (1000 bytes)`);
});

test('lets no control character through to the terminal', () => {
  const table = resultTable([
    { ok: true, outputs: { 'a\u001b[2J': 'x\u001b[0m\u009b\n' } },
    { ok: false, error: new InferError('FAILED', 'first\nsecond\u0007') },
  ]);
  expect(table.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  expect(table).toContain(String.raw`FAILED: first\u000asecond\u0007`);
});
