/**
 * Files of a servable that are changed while it is served, and executors that are lost then: what replaces them serves what
 * the replica announced, or nothing does.
 */
import { describe, expect, test } from '@jest/globals';
import { outputsOf, tensor, type Tensor } from '@serving/client';
import { readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from '../support/eventually.js';
import { startMaster, type Master } from '../support/processes.js';
import { addModel, configuration, functionServable, identityModel, servables } from '../support/servables.js';

/** Gives `answer`; ends its thread when it is asked to. `exit` is not run again: it would end the other thread too. */
const answering = (method: string, answer: string) => configuration(methods(method, answer));
const methods = (method: string, answer: string) => `
import { threadId } from 'node:worker_threads';
registerMethod('exit', { inputs: ['x'], outputs: ['y'], idempotent: false }, (x) => addStage(() => process.exit(7), [x]));
registerMethod('${method}', { inputs: ['x'], outputs: ['answer', 'thread'] }, (x) => addStage(() => {
  const end = performance.now() + 5;
  while (performance.now() < end);
  return [${answer}, threadId];
}, [x], { outputs: 2 }));
`;

const start = (directory: string, executors: number) =>
  startMaster([
    '--servable',
    's',
    '--directory',
    directory,
    '--executors',
    String(executors),
    '--max-batch-size',
    '4',
  ]);

/** Ends a thread, and waits until replacing it has failed `times` times; why it failed. */
async function loseOne(master: Master, times: number): Promise<string> {
  const failures = () =>
    master.log.filter(({ msg }) => msg === 'executor could not be replaced; trying again');
  const before = failures().length;
  await master.client('s', 'exit').infer({ x: 1 });
  await eventually('replacing it has failed', () => failures().length >= before + times);
  return String(failures().at(-1)!['reason']);
}

/** What a hundred instances were answered, and by how many threads. */
async function answers(master: Master) {
  const results = await master.client('s', 'm').infer(Array.from({ length: 100 }, () => ({ x: 1 })));
  const numbers = (name: string) =>
    new Set(results.map((result) => Number((outputsOf(result)[name] as Tensor).data[0])));
  return { answers: [...numbers('answer')], threads: numbers('thread').size };
}

const says = (change: string) =>
  `servable s version 1: expected what its first executor was loaded from; since then ${change}; a restart serves what is there now`;

test('an edited configuration is not served beside the one that was announced; when it is as it was, there are as many executors as before', async () => {
  const directory = servables({ s: { 'servable_config.ts': answering('m', '1'), '1/': '' } });
  const file = join(directory, 's/servable_config.ts');
  const master = await start(directory, 2);
  expect(await answers(master)).toEqual({ answers: [1], threads: 2 });
  writeFileSync(file, answering('m', '2'));
  expect(await loseOne(master, 3)).toBe(says('s/servable_config.ts has changed'));
  expect(await answers(master)).toEqual({ answers: [1], threads: 1 });
  writeFileSync(file, answering('m', '1'));
  await eventually('there are two executors again', async () => (await answers(master)).threads === 2);
  expect(await answers(master)).toEqual({ answers: [1], threads: 2 });
});

test('when the last executor is lost, the servable is not available rather than another one', async () => {
  const directory = servables({ s: { 'servable_config.ts': answering('m', '1'), '1/': '' } });
  const file = join(directory, 's/servable_config.ts');
  const master = await start(directory, 1);
  writeFileSync(file, answering('renamed', '2'));
  expect(await loseOne(master, 1)).toBe(says('s/servable_config.ts has changed'));
  const [refused] = await master.client('s', 'm').infer({ x: 1 });
  expect(refused).toMatchObject({ ok: false, error: { code: 'SERVABLE_UNAVAILABLE' } });
  writeFileSync(file, answering('m', '1'));
  await eventually('it is served', async () => (await master.client('s', 'm').infer({ x: 1 }))[0].ok);
});

describe('what else belongs to a servable', () => {
  const files = {
    'servable_config.ts': `import { answer } from './lib/answer.js';\n${answering('m', 'answer')}
import { readLabels } from '@serving/worker';
const model = declareModel({ file: 'm.onnx', withBatchDim: false });
registerMethod('model', { inputs: ['x'], outputs: ['y'] }, (x) => addStage(model, [x]));
const labels = readLabels(new URL('labels.txt', import.meta.url));
`,
    'lib/answer.ts': `export const answer = 1;\n`,
    'labels.txt': 'a\nb\n',
    '1/m.onnx': identityModel([2]),
    '1/notes.txt': 'the best so far',
  };
  const changes: Record<string, { change: (path: (file: string) => string) => void; says: string }> = {
    'a module that it imports': {
      change: (path) => writeFileSync(path('lib/answer.ts'), 'export const answer = 2;\n'),
      says: 's/lib/answer.ts has changed',
    },
    'labels that it reads': {
      change: (path) => writeFileSync(path('labels.txt'), 'b\na\n'),
      says: 's/labels.txt has changed',
    },
    'its model': {
      change: (path) => writeFileSync(path('1/m.onnx'), addModel([2])),
      says: 's/1/m.onnx has changed',
    },
    'a file of its version that goes': {
      change: (path) => rmSync(path('1/notes.txt')),
      says: 's/1/notes.txt is gone',
    },
  };
  test.concurrent.each(Object.entries(changes))('%s', async (_, { change, says: expected }) => {
    const directory = servables({ s: files });
    const master = await start(directory, 1);
    change((file) => join(directory, 's', file));
    expect(await loseOne(master, 1)).toBe(says(expected));
  });

  test('files that are written anew with what was in them, and new ones beside them, do not', async () => {
    const directory = servables({ s: files });
    const master = await start(directory, 1);
    for (const file of Object.keys(files)) {
      const path = join(directory, 's', file);
      writeFileSync(path, readFileSync(path));
      utimesSync(path, 1, 1);
    }
    writeFileSync(join(directory, 's/1/new.txt'), '');
    writeFileSync(join(directory, 's/unused.ts'), '');
    await master.client('s', 'exit').infer({ x: 1 });
    await eventually('it is served', async () => (await master.client('s', 'm').infer({ x: 1 }))[0].ok);
    const [result] = await master.client('s', 'model').infer({ x: tensor('float32', [2], [1, 2]) });
    expect(result.ok).toBe(true);
    expect(master.log.filter(({ msg }) => String(msg).includes('could not be replaced'))).toEqual([]);
  });
});

test('methods that change without their files are not served either', async () => {
  const marker = join(servables({ marker: { present: '' } }), 'marker/present');
  const directory = servables({
    s: functionServable(`
import { existsSync } from 'node:fs';
${methods('m', '1')}
registerMethod(existsSync(${JSON.stringify(marker)}) ? 'there' : 'absent', { inputs: ['x'], outputs: ['y'] }, (x) => x);
`),
  });
  const master = await start(directory, 1);
  rmSync(marker);
  expect(await loseOne(master, 1)).toBe(says('method there is gone, method absent is new'));
});
