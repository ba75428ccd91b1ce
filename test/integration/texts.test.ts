/** Texts through models and functions: what goes in comes out, and what could not is refused rather than changed. */
import { beforeAll, expect, test } from '@jest/globals';
import { outputsOf, type InferResult } from '@serving/client';
import { startMaster, type Master } from '../support/processes.js';
import { configuration, identityModel, servables } from '../support/servables.js';

const directory = servables({
  texts: {
    'servable_config.ts': configuration(`
const parse = (json) => JSON.parse(json);
const text = declareModel({ file: 'text.onnx' });
registerMethod('text', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(text, [x]));
registerMethod('parsed', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(text, [addStage(parse, [x])]));
const callAll = async (x) => (await text.callBatch(parse(x).map((each) => [each]))).map(([y]) => y).join();
registerMethod('called', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(callAll, [x]));
const copy = (x) => x;
const copies = (list) => list.map(([x]) => x);
registerMethod('copied', { inputs: ['x'], outputs: ['y'] }, (x) =>
  addStage(copies, [addStage(copy, [x])], { batchSize: 0 }),
);
registerMethod('written', { inputs: ['x'], outputs: ['y', 'all'] }, (x) => {
  const value = addStage(parse, [x]);
  return [value, addStage((x) => new StringTensor([2], ['good', x]), [value])];
});
`),
    '1/text.onnx': identityModel(['N'], 'string'),
  },
});

let master: Master;
beforeAll(async () => {
  master = await startMaster(['--servable', 'texts', '--directory', directory, '--executors', '1']);
});

test('text goes through a model as it is, and what onnxruntime would change is refused', async () => {
  const texts = ['', 'text', '\u{1f600} ünïcode', 'x'.repeat(10_000)];
  const client = master.client('texts', 'text');
  const results = await client.infer(texts.map((x) => ({ x })));
  expect(results.map((result) => outputsOf(result)['y'])).toEqual(texts);
  const [nul, good] = await client.infer([{ x: 'a\0b' }, { x: 'good' }]);
  expect(nul!.ok ? '' : nul!.error.message).toMatch(/given a NUL character at position 1/);
  expect(outputsOf(good!)['y']).toBe('good');
});

const errorsOf = (results: readonly InferResult[]) =>
  results.map((result) => (result.ok ? '' : result.error.message));

test('text that a function made and onnxruntime would change is refused by input and instance', async () => {
  const json = (x: unknown) => ({ x: JSON.stringify(x) });
  const given = [json('good'), json('a\0b'), json('ab\ud800'), json('\udc00\ud800')];
  const made = (problem: string) =>
    `input x: expected text that a model can take, given ${problem}; an earlier stage gave it to model text.onnx, method: 'parsed', stage index(begin with 1): 2`;
  expect(errorsOf(await master.client('texts', 'parsed').infer(given))).toEqual([
    '',
    made('a NUL character at position 1, where onnxruntime would cut the text off'),
    made('half of a surrogate pair at position 2, which onnxruntime would replace'),
    made('half of a surrogate pair at position 0, which onnxruntime would replace'),
  ]);
  const lists = [json(['a', 'b']), json(['a', 'a\0']), json(['\ud800'])];
  expect(errorsOf(await master.client('texts', 'called').infer(lists))).toEqual([
    '',
    expect.stringMatching(
      /Model\(text\.onnx\)\.call\(\) failed: instance 1: input x: .* given a NUL character at position 1/,
    ),
    expect.stringMatching(
      /Model\(text\.onnx\)\.call\(\) failed: input x: .* given half of a surrogate pair at position 0/,
    ),
  ]);
});

test('text goes through functions as it is, NULs and marks included', async () => {
  const texts = ['\0', 'a\0b\0', '\ufeffx', '\u{1f642}\u0301\r\n', '\ufffd', 'x\0'.repeat(10_000)];
  const results = await master.client('texts', 'copied').infer(texts.map((x) => ({ x })));
  expect(results.map((result) => outputsOf(result)['y'])).toEqual(texts);
});

test('text that a function made and cannot be sent is refused, alone, not replaced', async () => {
  const given = ['a\0', 'a\udc00b', '\u{1f642}'];
  const results = await master.client('texts', 'written').infer(given.map((x) => ({ x: JSON.stringify(x) })));
  expect(errorsOf(results)).toEqual([
    '',
    "Call method 'written' Failed: output y: expected text that UTF-8 can hold, given half of a surrogate pair at position 1",
    '',
  ]);
  expect(outputsOf(results[0]!)).toMatchObject({ y: 'a\0', all: { data: ['good', 'a\0'] } });
});
