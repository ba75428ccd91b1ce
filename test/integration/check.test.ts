/** What `serving-worker check` says of stages: what goes where, how they are called, and what is hardly meant so. */
import { expect, test } from '@jest/globals';
import { launchWorker } from '../support/processes.js';
import { addModel, configuration, functionServable, servables } from '../support/servables.js';
import type { FolderContents } from '../support/temporary-folder.js';

async function check(files: FolderContents) {
  const program = launchWorker(['check', 's', '--directory', servables({ s: files })]);
  expect(await program.ended).toEqual({ code: 0, signal: null });
  const stages = program.stdout.split('\n').filter((line) => /^ {4}stage /.test(line));
  return {
    stages: stages.map((line) => line.trim().replace(/ {2}\(.*\)$/, '')),
    warnings: program.stderr.split('\n').filter((line) => line !== ''),
  };
}

test('values without a name are called by the stages that they come from and go to; options are said', async () => {
  const { stages, warnings } = await check(
    functionServable(`
const two = (x) => [x, x];
const join = async (a, b) => a;
registerMethod('m', { inputs: ['x'], outputs: ['y', 'z'] }, (x) => {
  const [a, b] = addStage(two, [x], { outputs: 2 });
  const [c] = addStage(two, [a], { outputs: 2 });
  const d = addStage(join, [a, c], { timeoutMs: 500 });
  const y = addStage((instances) => instances.map(([one]) => one), [b], { batchSize: 8, timeoutMs: 20, tag: 'last' });
  return [y, addStage(join, [d, y])];
});`),
  );
  expect(warnings).toEqual([]);
  expect(stages).toEqual([
    'stage 1: function two(x) -> stages 2 and 3, stage 4',
    'stage 2: function two(output 1 of stage 1) -> stage 3, unused',
    'stage 3: function join(output 1 of stage 1, output 1 of stage 2) -> stage 5, within 500 ms',
    'stage 4: function last(output 2 of stage 1) -> y, up to 8 instances at a time, within 20 ms',
    'stage 5: function join(stage 3, y) -> z',
  ]);
});

const line = (at: number, problem: string) =>
  `serving-worker: warning: s/servable_config.ts:${at}: method m: ${problem}`;

test('warns of functions that are given more than they take', async () => {
  const { warnings } = await check(
    functionServable(`
const one = function one(a: unknown) { return a; };
registerMethod('m', { inputs: ['x'], outputs: 'abcdefgh'.split('') }, (x) => [
addStage(one, [x, x]),
addStage(async ({ shape }) => shape.length, [x, x, x]),
addStage(() => 1, [x]),
addStage(async () => [], [x], { batchSize: 0 }),
addStage({ async method(a) { return a; } }.method, [x, x]),
addStage(a => a, [x, x]),
addStage(function* () { yield 1; }, [x], { batchSize: 1 }),
x,
]);`),
  );
  expect(warnings).toEqual([
    line(5, 'function one takes 1 input, given 2'),
    line(6, 'function anonymous takes 1 input, given 3'),
    line(7, 'function anonymous takes no inputs, given 1'),
    line(8, 'function anonymous takes no inputs, given the list of instances, as it has a batchSize'),
    line(9, 'function method takes 1 input, given 2'),
    line(10, 'function anonymous takes 1 input, given 2'),
    line(11, 'function anonymous takes no inputs, given the list of instances, as it has a batchSize'),
  ]);
});

test('warns of none that may take more than its length says, or is there already', async () => {
  const { warnings } = await check(
    functionServable(`
import { softmax } from '@serving/worker';
const several = (a, b) => a;
registerMethod('m', { inputs: ['x'], outputs: 'abcdefg'.split('') }, (x) => [
addStage((...all) => all[0], [x, x]),
addStage((a, b = 1) => a, [x, x]),
addStage((a, { shape } = {}) => a, [x, x]),
addStage(function () { return arguments[1]; }, [x, x]),
addStage(several.bind(undefined, 1), [x, x, x]),
addStage(softmax(), [x]),
addStage((instances) => instances.map(([a]) => a), [x, x, x], { batchSize: 0 }),
]);`),
  );
  expect(warnings).toEqual([]);
});

test('warns of stages that nobody uses, and a model of several files of which none is named', async () => {
  const { warnings } = await check({
    'servable_config.ts': configuration(`
const model = declareModel({ file: ['first.onnx', 'second.onnx'] });
const two = (x) => [x, x];
registerMethod('m', { inputs: ['x'], outputs: ['y', 'z'] }, (x) => {
addStage(two, [x], { outputs: 2 });
addStage(model.subgraph(1), [x, x]);
const [y] = addStage(two, [x], { outputs: 2 });
const z = addStage(model, [x, x]);
return [y, addStage(model.subgraph(0), [z, z])];
});`),
    '1/first.onnx': addModel(['N', 2]),
    '1/second.onnx': addModel(['N', 2]),
  });
  const unused = 'nobody uses what';
  const neither = 'gives: neither a later stage nor an output of the method';
  expect(warnings).toEqual([
    line(6, `${unused} function two ${neither}`),
    line(7, `${unused} model second.onnx ${neither}`),
    line(
      9,
      'the model first.onnx;second.onnx has 2 files, and the stage runs the first, first.onnx; write model.subgraph(0), or another number, to say which',
    ),
  ]);
});
