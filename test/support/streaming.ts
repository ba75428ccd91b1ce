/** A servable whose methods give many responses, in one process and with workers of its own. */
import { beforeAll, test } from '@jest/globals';
import { join } from 'node:path';
import { startMaster, startWorker, type Master } from './processes.js';
import { functionServable, servables } from './servables.js';
import { temporaryFolder } from './temporary-folder.js';

/** Each is given a file, by which the test and the method know of each other. */
export const directory = servables({
  s: functionServable(`
import { appendFileSync, existsSync } from 'node:fs';
const turn = () => new Promise((resolve) => setTimeout(resolve, 1));
const streams = (name, generator) =>
  registerMethod(name, { inputs: { file: { dtype: 'string' } }, outputs: ['y'], streaming: true }, ({ file }) => addStage(generator, [file]));
streams('texts', function* (file) {
  for (const text of file.split(' ')) if (text !== '') yield text;
});
streams('waits', async function* (file) {
  yield 'before';
  while (!existsSync(file)) await turn();
  yield 'after';
});
streams('breaks', function* () {
  yield 'fine';
  throw new Error('no more');
});
streams('endless', async function* (file) {
  try {
    for (let i = 0; ; i++) {
      yield i === 0 ? 'first' : 'more';
      await turn();
    }
  } finally {
    appendFileSync(file, 'cleaned up');
  }
});
streams('floods', function* (file) {
  try {
    for (;;) yield new Uint8Array(2 ** 18);
  } finally {
    appendFileSync(file, 'cleaned up');
  }
});
streams('chatters', function* (file) {
  try {
    for (;;) yield 'word';
  } finally {
    appendFileSync(file, 'cleaned up');
  }
});
streams('dies', async function* (file) {
  appendFileSync(file, 'begun ');
  yield String(process.pid);
  for (;;) await turn();
});
streams('large', function* () {
  for (const size of [3 * 2 ** 20, 1, 2 ** 21, 2]) yield new Uint8Array(size);
});
registerMethod('kinds', { inputs: ['x'], outputs: ['text', 'bytes', 'whole', 'x'], streaming: true }, (x) =>
  addStage(function* (x) { for (let i = 0; i < 2; i++) yield ['é' + i, Uint8Array.of(i, 255), 2n ** 60n + BigInt(i), x]; }, [x], { outputs: 4 }),
);
registerMethod('echo', { inputs: ['file'], outputs: ['y'] }, (file) => addStage((file) => file, [file]));
`),
});

/** Options of what serves it. */
export const serving = ['--servable', 's', '--directory', directory, '--executors', '3'];
const deployments = {
  'in one process': () => startMaster([...serving, '--rest', '127.0.0.1:0']),
  'in a cluster': async () => {
    const master = await startMaster(['--master', '127.0.0.1:0', '--rest', '127.0.0.1:0']);
    await startWorker(master, serving);
    return master;
  },
};

/** A test in every deployment, which the tests of a file share. */
export function streamingTests(): (title: string, run: (master: Master) => Promise<void>) => void {
  const masters = new Map<string, Master>();
  beforeAll(async () => {
    for (const [name, start] of Object.entries(deployments)) masters.set(name, await start());
  });
  return (title, run) => {
    test.each(Object.keys(deployments))(`${title}, %s`, (name) => run(masters.get(name)!));
  };
}

let files = 0;
const folder = temporaryFolder();
/** One that is not there yet. */
export const newFile = () => join(folder, String(files++));
