/** Runs the examples of packages/client/README.md as they are printed: their comments say what they print. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { Program, startMaster } from '../support/processes.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const readme = readFileSync('packages/client/README.md', 'utf8');
const examples = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, example]) => example!);

/** Comments behind a console.log, and those that follow a line with one. */
function promised(program: string): string {
  const shown = /console\.log\(.*\);(?: \/\/ (.*)|((?:\n\/\/ .*)+))/g;
  return [...program.matchAll(shown)]
    .map(([, behind, below]) => behind ?? below!.replace(/^\n\/\/ /, '').replace(/\n\/\/ /g, '\n'))
    .map((line) => `${line}\n`)
    .join('');
}

test.each([
  ['the first example', examples[0]!, ['--servable', 'add', '--directory', 'examples/add'], 4],
  [
    'that of many responses',
    examples[1]!,
    ['--servable', 'countdown', '--directory', 'test/interop/servables'],
    5,
  ],
])(
  '%s prints what its comments say, in a folder of its own that the package is installed in',
  async (...[, example, options, lines]) => {
    const server = await startMaster([...options, '--executors', '1']);
    const folder = temporaryFolder();
    // What `npm install <clone>/packages/client` makes.
    mkdirSync(join(folder, 'node_modules/@serving'), { recursive: true });
    symlinkSync(join(process.cwd(), 'packages/client'), join(folder, 'node_modules/@serving/client'));
    writeFileSync(join(folder, 'example.mjs'), example.replace('localhost:5500', server.address));
    const program = new Program(join(folder, 'example.mjs'), []);
    expect(await program.ended).toEqual({ code: 0, signal: null });
    expect(program.stdout).toBe(promised(example));
    expect(program.stdout.trim().split('\n')).toHaveLength(lines);
  },
);
