/** Mistakes in a servable_config: each is reported at load, with file and line, and what was expected. */
import { beforeAll, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../support/processes.js';
import { configuration } from '../support/servables.js';
import { type FolderContents, temporaryFolder, writeFiles } from '../support/temporary-folder.js';
import { nameMistakes } from './name-mistakes.js';
import { streamingMistakes } from './streaming-mistakes.js';

/** What is written from line 2 on → the error. `x` is a declared method's input in what `inMethod` writes. */
const inMethod = (body: string) =>
  `registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => {\n${body}\n});`;

const mistakes: Record<string, { readonly config: string | FolderContents; readonly error: string }> = {
  ...nameMistakes,
  ...streamingMistakes,
  throws: {
    config: `\nthrow new RangeError('no such thing\\nsecond line');`,
    error: 's/servable_config.ts:3: RangeError: no such thing',
  },
  'throws an error without a message': {
    config: `throw new RangeError();`,
    error: 's/servable_config.ts:2: RangeError',
  },
  'throws text': { config: `throw 'text';`, error: 's/servable_config.ts: threw text' },
  'throws nothing': { config: `throw undefined;`, error: 's/servable_config.ts: threw undefined' },
  'throws an odd object': {
    config: `throw Object.create(null);`,
    error: 's/servable_config.ts: threw something without a text was thrown',
  },
  'throws an object': {
    config: `throw { code: 5 };`,
    error: 's/servable_config.ts: threw an object without a message was thrown',
  },
  'throws in a helper': {
    config: `const helper = () => { throw new Error('deep'); };\n\nhelper();`,
    error: 's/servable_config.ts:2: Error: deep',
  },
  'throws after types that span lines': {
    config: `interface A {\n  a: number;\n  b: string;\n}\nconst a: A | undefined = undefined;\n(a as unknown as A).a.toFixed();`,
    error: "s/servable_config.ts:7: TypeError: Cannot read properties of undefined (reading 'a')",
  },
  'a name that is not exported': {
    config: `import * as worker from '@serving/worker';\nconst model = worker.declareModl({ file: 'm.onnx' });`,
    error: 's/servable_config.ts:3: @serving/worker has no declareModl; did you mean declareModel?',
  },
  'a misspelt import': {
    config: {
      'servable_config.ts': `import { declareModl } from '@serving/worker';\n\nconst model = declareModl({ file: 'm.onnx' });`,
      '1/': '',
    },
    error: 's/servable_config.ts:3: @serving/worker has no declareModl; did you mean declareModel?',
  },
  'a class that is nowhere': {
    config: {
      'servable_config.ts': `import { Nothing } from '@serving/worker';\nnew Nothing();`,
      '1/': '',
    },
    error: 's/servable_config.ts:2: @serving/worker has no Nothing',
  },
  'rejects in a top-level await': {
    config: `await Promise.reject(new Error('later'));`,
    error: 's/servable_config.ts:2: Error: later',
  },
  'leaves a promise rejected': {
    config: `void Promise.reject(new Error('unheard'));\nregisterMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`,
    error: 's/servable_config.ts:2: Error: unheard',
  },
  'does not parse': {
    config: `\nregisterMethod('m', {`,
    error: 's/servable_config.ts:4:1: does not parse: Unexpected token',
  },
  'imports a file that is not there': {
    config: `import './nowhere.js';\nregisterMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`,
    error: "s/servable_config.ts:2: Error: Cannot find module './nowhere.js'",
  },
  'imports a package that is not there': {
    config: `import 'no-such-package-here';`,
    error: "s/servable_config.ts:2: Error: Cannot find module 'no-such-package-here'",
  },
  'sibling does not parse': {
    config: { 'servable_config.ts': `import './sibling.js';`, 'sibling.ts': `\nconst = 1;`, '1/': '' },
    error: 's/sibling.ts:2:7: does not parse: Unexpected token',
  },
  'sibling throws': {
    config: {
      'servable_config.ts': `import './sibling.js';`,
      'sibling.ts': `\n\nthrow new Error('from beside');`,
      '1/': '',
    },
    error: 's/sibling.ts:3: Error: from beside',
  },
  'a module of a sub-folder does not parse': {
    config: { 'servable_config.ts': `import './lib/a.js';`, 'lib/a.ts': `const = 1;`, '1/': '' },
    error: 's/lib/a.ts:1:7: does not parse: Unexpected token',
  },
  'no method': {
    config: ``,
    error:
      's/servable_config.ts: There is no method registered for servable; expected at least one registerMethod(...)',
  },
  'method twice': {
    config: `const m = () => registerMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);\n\nm();\nregisterMethod('m', { inputs: ['x'], outputs: ['y'] }, (x) => x);`,
    error:
      's/servable_config.ts:5: Method m has been registered more than once. First at s/servable_config.ts:2',
  },
  'two default methods': {
    config: `const options = { inputs: ['x'], outputs: ['y'], default: true };\nregisterMethod('a', options, (x) => x);\nregisterMethod('b', options, (x) => x);`,
    error:
      's/servable_config.ts:4: method b: default: expected one default method, given a second one; the first is a, at s/servable_config.ts:3',
  },
  'a default that is no truth value': {
    config: `registerMethod('m', { inputs: [], outputs: [], default: 'yes' }, () => []);`,
    error: "s/servable_config.ts:2: method m: default: expected true or false, given 'yes'",
  },
  'method without options': {
    config: `registerMethod('m', (x) => x);`,
    error:
      's/servable_config.ts:2: method m: expected options { inputs, outputs, idempotent, default, streaming, batching }, given a function',
  },
  'method with a misspelt option': {
    config: `registerMethod('m', { input: ['x'], outputs: ['y'] }, (x) => x);`,
    error:
      "s/servable_config.ts:2: method m: unknown option 'input'; expected inputs, outputs, idempotent, default, streaming, batching",
  },
  'inputs that are no list': {
    config: `registerMethod('m', { inputs: 'x', outputs: ['y'] }, (x) => x);`,
    error:
      "s/servable_config.ts:2: method m: inputs: expected a list of names, or an object of names with dtype and shape, given 'x'",
  },
  'a builder that is no function': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y'] }, 7);`,
    error: 's/servable_config.ts:2: method m: expected a function that builds it, given 7',
  },
  'a missing input': {
    config: `registerMethod('m', { inputs: ['x1'], outputs: ['y'] }, (x1, x2) => addStage((a, b) => a, [x1, x2]));`,
    error: 's/servable_config.ts:2: method m: its function takes 2 inputs, but 1 are named (x1)',
  },
  'an input that is undefined': {
    config: inMethod('const none = undefined;\nreturn addStage((a, b) => a, [x, none]);'),
    error:
      's/servable_config.ts:4: method m: argument 2 of the stage: expected an input of the method or an output of an earlier stage, given undefined; is an input missing in the inputs list of registerMethod?',
  },
  'a value instead of an input': {
    config: inMethod('return addStage((a) => a, [5]);'),
    error:
      "s/servable_config.ts:3: method m: argument 1 of the stage: expected an input of the method or an output of an earlier stage, given 5; a constant is a text, bytes or a Tensor, such as new Tensor('float32', [], Float32Array.of(0.5))",
  },
  'the name of an input instead of it': {
    config: inMethod("return addStage((a) => a, ['x']);"),
    error:
      "s/servable_config.ts:3: method m: argument 1 of the stage: expected an input of the method or an output of an earlier stage, given 'x'; the input of this name is a parameter of the method's function",
  },
  'an input of another method': {
    config: `let other;\nregisterMethod('a', { inputs: ['x'], outputs: ['y'] }, (x) => (other = x));\nregisterMethod('b', { inputs: ['x'], outputs: ['y'] }, (x) => other);`,
    error:
      's/servable_config.ts:4: method b: output y: expected an input of the method or an output of an earlier stage, given a value of method a',
  },
  'too few outputs': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y', 'z'] }, (x) => x);`,
    error: 's/servable_config.ts:2: Method return output size 1 not match registered 2 (method m)',
  },
  'an async builder': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y'] }, async (x) => addStage((a) => a, [x]));`,
    error:
      's/servable_config.ts:2: method m: expected a function that gives its placeholders at once, given an async one; stages may be async, and what has to be loaded first can be awaited before registerMethod',
  },
  'an async builder that fails': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y'] }, async (x) => { await null; throw new Error('no'); });`,
    error:
      's/servable_config.ts:2: method m: expected a function that gives its placeholders at once, given an async one; stages may be async, and what has to be loaded first can be awaited before registerMethod',
  },
  'a list of inputs taken as an object': {
    config: `registerMethod('m', { inputs: ['x', 'z'], outputs: ['y'] },\n({ x, z }) => addStage((a) => a, [x]));`,
    error:
      's/servable_config.ts:3: method m: a placeholder has no x; with inputs given as a list its function gets them one after another: (x, z) => …',
  },
  'an object of inputs taken as one': {
    config: `registerMethod('m', { inputs: { x: {}, z: {} }, outputs: ['y'] }, (x) => addStage((a) => a, [x]));`,
    error:
      's/servable_config.ts:2: method m: argument 1 of the stage: expected an input of the method or an output of an earlier stage, given an object; with inputs given as an object its function gets one object of them: ({ x, z }) => …',
  },
  'an object of inputs given back': {
    config: `registerMethod('m', { inputs: { x: {} }, outputs: { y: {} } }, (x) => ({ y: x }));`,
    error:
      's/servable_config.ts:2: method m: output y: expected an input of the method or an output of an earlier stage, given an object; with inputs given as an object its function gets one object of them: ({ x }) => …',
  },
  'a list of outputs returned as an object': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y', 'z'] }, (x) => ({ y: x, z: x }));`,
    error:
      's/servable_config.ts:2: method m: expected y, z in this order, as outputs is a list, given Object; for an object of them write outputs: { y: {}, z: {} }',
  },
  'an object of outputs returned as a list': {
    config: `registerMethod('m', { inputs: ['x'], outputs: { y: {} } }, (x) => [x]);`,
    error: 's/servable_config.ts:2: method m: expected an object with the outputs y, given a list',
  },
  'a placeholder used as a tensor': {
    config: inMethod("return addStage((a) => a, [x.astype('float32')]);"),
    error:
      's/servable_config.ts:3: method m: a placeholder has no astype: it stands for values that exist only when requests run; compute in a stage',
  },
  'a placeholder printed, and a mistake after it': {
    config: inMethod('console.error(x);\nreturn addStage(7, [x]);'),
    error: 's/servable_config.ts:4: addStage: stage: expected a function or a declared model, given 7',
  },
  'a tensor that cannot be': {
    config: `\nnew Tensor('float32', [2], [1, 2]);`,
    error: 's/servable_config.ts:3: tensor data of dtype float32: expected Float32Array, given Array',
  },
  'a model called while it is loaded': {
    config: `const model = declareModel({ file: 'm.onnx' });\nconst y = await model.call('text');`,
    error:
      's/servable_config.ts:3: Model(m.onnx).call() failed: the model is not loaded yet: expected a call from inside a function given to addStage, given one while the servable_config is being loaded',
  },
  'a model called in a builder that does not wait': {
    config: `const model = declareModel({ file: ['a.onnx', 'b.onnx'] });\n${inMethod('model.subgraph(1).callBatch([[x]]);\nreturn x;')}`,
    error:
      's/servable_config.ts:4: Model(a.onnx;b.onnx, subgraph=1).call() failed: the model is not loaded yet: expected a call from inside a function given to addStage, given one while the servable_config is being loaded',
  },
  'a ready-made stage of two outputs taken as one': {
    config: `import { topK } from '@serving/worker';\n${inMethod('return addStage(topK(3), [x]);')}`,
    error:
      's/servable_config.ts:4: addStage: outputs: topK gives 2 values, given 1; write addStage(topK(…), inputs, { outputs: 2 })',
  },
  'a ready-made stage of one output taken as two': {
    config: `import { argmax } from '@serving/worker';\n${inMethod('return addStage(argmax(), [x], { outputs: 2 })[0];')}`,
    error:
      's/servable_config.ts:4: addStage: outputs: argmax gives 1 value, given 2; write addStage(argmax(…), inputs)',
  },
  'a ready-made stage that is not called': {
    config: `import { topK } from '@serving/worker';\n${inMethod('return addStage(topK, [x]);')}`,
    error:
      's/servable_config.ts:4: addStage: stage: expected a stage, given topK, which makes one; write addStage(topK(…), inputs)',
  },
  'a ready-made stage with a batch size': {
    config: `import { softmax } from '@serving/worker';\n${inMethod('return addStage(softmax(), [x], { batchSize: 8 });')}`,
    error: 's/servable_config.ts:4: addStage: batchSize: softmax takes one instance at a time, given 8',
  },
  'a builder without a result': {
    config: inMethod('addStage((a) => a, [x]);'),
    error:
      's/servable_config.ts:2: method m: the function returned undefined; return the placeholder(s) of the outputs',
  },
  'one output taken apart as several': {
    config: inMethod('const [p, q] = addStage((a) => [a, a], [x]);\nreturn p;'),
    error:
      's/servable_config.ts:3: method m: expected a list, given one placeholder; a stage that gives several values says how many: addStage(stage, inputs, { outputs: 2 })',
  },
  'a placeholder used as a number': {
    config: inMethod('return addStage((a) => a, [x + 1]);'),
    error:
      's/servable_config.ts:3: method m: placeholders stand for values that exist only when requests run; compute in a stage',
  },
  'a method': {
    config: inMethod(`registerMethod('n', { inputs: [], outputs: [] }, () => []);`),
    error: "s/servable_config.ts:3: registerMethod 'n' inside registerMethod 'm'",
  },
  'a stage outside of a method': {
    config: `addStage((a) => a, []);`,
    error: 's/servable_config.ts:2: addStage can only be called inside the function given to registerMethod',
  },
  'a stage that is no function': {
    config: inMethod(`return addStage('argmax', [x]);`),
    error: "s/servable_config.ts:3: addStage: stage: expected a function or a declared model, given 'argmax'",
  },
  'a stage without a list of inputs': {
    config: inMethod('return addStage((a) => a, x);'),
    error:
      's/servable_config.ts:3: addStage: inputs: expected a list of placeholders, given a value of method m',
  },
  'a stage without inputs': {
    config: inMethod('return addStage((a) => a);'),
    error: 's/servable_config.ts:3: addStage: inputs: expected a list of placeholders, given undefined',
  },
  'a function of more parameters than inputs': {
    config: inMethod('return addStage(function pair(a, b) { return a; }, [x]);'),
    error:
      's/servable_config.ts:3: function pair input args count 2 not match the count 1 registered in method',
  },
  'a function with a batch size of several parameters': {
    config: inMethod('return addStage(function pair(a, b) { return a; }, [x, x], { batchSize: 2 });'),
    error:
      's/servable_config.ts:3: function pair: expected one parameter, the list of instances, as it has a batchSize; given 2',
  },
  'a generator without a batch size': {
    config: inMethod('return addStage(function* each() { yield 1; }, [x]);'),
    error:
      's/servable_config.ts:3: function each is a generator; if it yields one result per instance, give addStage a batchSize (0 leaves it to the server); if it yields many responses to one instance, give registerMethod streaming: true',
  },
  'a subgraph that the model does not have': {
    config: inMethod("return addStage(declareModel({ file: ['a.onnx', 'b.onnx'] }).subgraph(2), [x]);"),
    error:
      's/servable_config.ts:3: The model does not have subgraph of index 2, the subgraph count of the model is 2',
  },
  'a file twice in one model': {
    config: `declareModel({ file: ['a.onnx', 'a.onnx'] });`,
    error:
      "s/servable_config.ts:2: Declare model failed, model file 'a.onnx' has already been used in this list",
  },
  'a stage with a misspelt option': {
    config: inMethod('return addStage((a) => a, [x], { outputsCount: 2 });'),
    error:
      "s/servable_config.ts:3: addStage: unknown option 'outputsCount'; expected outputs, batchSize, timeoutMs, tag",
  },
  'a stage without outputs': {
    config: inMethod('return addStage((a) => a, [x], { outputs: 0 });'),
    error: 's/servable_config.ts:3: addStage: outputs: expected a whole number from 1, given 0',
  },
  'a model without options': {
    config: `declareModel('add.onnx');`,
    error:
      "s/servable_config.ts:2: declareModel: expected options { file, withBatchDim, withoutBatchDimInputs, session, warmUp, decryption }, given 'add.onnx'",
  },
  'a model without a file': {
    config: `declareModel({});`,
    error:
      's/servable_config.ts:2: declareModel: file: expected a file name or a list of them, given undefined',
  },
  'a method that is idempotent in words': {
    config: `registerMethod('m', { inputs: ['x'], outputs: ['y'], idempotent: 'no' }, (x) => x);`,
    error: "s/servable_config.ts:2: method m: idempotent: expected true or false, given 'no'",
  },
  'a model with a misspelt option': {
    config: `declareModel({ file: 'a.onnx', with_batch_dim: false });`,
    error:
      "s/servable_config.ts:2: declareModel: unknown option 'with_batch_dim'; expected file, withBatchDim, withoutBatchDimInputs, session, warmUp, decryption",
  },
  'a model with a batch dimension of text': {
    config: `declareModel({ file: 'a.onnx', withBatchDim: 'no' });`,
    error: "s/servable_config.ts:2: declareModel: withBatchDim: expected true or false, given 'no'",
  },
  'a model with more threads than can be': {
    config: `declareModel({ file: 'a.onnx', session: { intraOpThreads: 100_000 } });`,
    error:
      's/servable_config.ts:2: declareModel: session.intraOpThreads: expected a whole number from 1 to 4096, given 100000',
  },
  'a model twice': {
    config: `const declare = () => declareModel({ file: 'a.onnx' });\ndeclare();\n\ndeclare();`,
    error:
      "s/servable_config.ts:2: Declare model failed, model file 'a.onnx' has already been used (s/servable_config.ts:2)",
  },
  'a model of its own making': {
    config: inMethod(`return addStage(new Model({ file: 'a.onnx', withBatchDim: true }), [x]);`),
    error: 's/servable_config.ts:3: addStage: the model was not declared in this servable_config',
  },
};

/** Loads the servable `s` of every folder with the compiled loader and prints folder → error. */
const loader = `
import { loadDefinition } from ${JSON.stringify(distFile('servables/load-definition.js'))};
import { openServableFolder } from ${JSON.stringify(distFile('servables/servable-folder.js'))};
const directories = process.argv.slice(2);
const errors = {};
for (const directory of directories) {
  const loading = loadDefinition(openServableFolder(directory, 's'), 1);
  errors[directory] = await loading.then(() => 'loaded', (error) => error.code + ' ' + error.message);
}
console.log(JSON.stringify(errors));
`;

function distFile(path: string): string {
  return new URL(`../../packages/worker/dist/${path}`, import.meta.url).href;
}

/** A blank in the path, as users have them. */
const directory = () => join(temporaryFolder(), 'my servables');

let errors: Record<string, string>;
beforeAll(async () => {
  const folder = directory();
  const names = Object.keys(mistakes);
  for (const [index, { config }] of Object.values(mistakes).entries()) {
    const files =
      typeof config === 'string' ? { 'servable_config.ts': configuration(config), '1/': '' } : config;
    writeFiles(join(folder, String(index), 's'), files);
  }
  const script = join(temporaryFolder(), 'load-all.mjs');
  writeFileSync(script, loader);
  const directories = names.map((_, index) => join(folder, String(index)));
  const program = startProgram(script, directories);
  const { code } = await program.ended;
  if (code !== 0) throw new Error(`the loader ended with ${code}: ${program.stderr}`);
  const found = JSON.parse(program.stdout) as Record<string, string>;
  errors = Object.fromEntries(names.map((name, index) => [name, found[directories[index]!]!]));
});

test.each(Object.entries(mistakes))('%s', (name, { error }) => {
  expect(errors[name]).toBe(`LOAD_FAILED ${error}`);
});

test('no message has a path of this machine in it', () => {
  for (const error of Object.values(errors)) {
    expect(error).not.toContain('my servables');
    expect(error).not.toContain(fileURLToPath(new URL('../..', import.meta.url)));
  }
});
