/** The library: a master with a servable inside a program of one's own, which ends by itself when the master stopped. */
import { expect, test } from '@jest/globals';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startProgram } from '../support/processes.js';
import { functionServable, servables } from '../support/servables.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const modules = fileURLToPath(new URL('../../node_modules', import.meta.url));

/** Runs a program in a folder where our packages are installed. */
async function run(source: string): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  symlinkSync(modules, join(folder, 'node_modules'));
  const script = join(folder, 'program.mjs');
  writeFileSync(script, `${prelude}\n${source}`);
  const program = startProgram(script, [directory()]);
  const { code } = await program.ended;
  return { code, stdout: program.stdout, stderr: program.stderr };
}

const prelude = `
import { Master, startGrpcServer, startIsolatedServables, startServableInMaster } from '@serving/master';
import { Client, outputsOf } from '@serving/client';
import { createLogger } from '@serving/common';
const directory = process.argv[2];
const logger = createLogger('test', 'error');
`;

const directory = () =>
  servables({
    s: functionServable(
      `registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => addStage((x) => x, [x]));`,
    ),
    other: functionServable(`registerMethod('echo', { inputs: ['x'], outputs: ['y'] }, (x) => x);`),
  });

test('serves and stops without leaving anything that keeps the program alive', async () => {
  const { code, stdout, stderr } = await run(`
const master = new Master({ logger });
const replica = await startServableInMaster(master, { directory, servable: 's', executors: 2 });
const lines = [];
const address = await startGrpcServer(master, '127.0.0.1:0', { print: (line) => lines.push(line) });
const client = new Client(address, 's', 'echo');
const results = await client.infer([{ x: 1 }, { x: 2 }]);
client.close();
const stopped = await master.stop(1000);
console.log(JSON.stringify({
  values: results.map((result) => outputsOf(result).y.data[0]), stopped, version: replica.version,
  methods: replica.methods.map((method) => method.name), executors: replica.executors,
  lines: lines.map((line) => line.replace(address, 'ADDRESS')),
}));
`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout)).toEqual({
    values: [1, 2],
    stopped: true,
    version: 1,
    methods: ['echo'],
    executors: 2,
    lines: [
      'Serving gRPC start success, listening on ADDRESS',
      'Serving: Serving gRPC server start success, listening on ADDRESS',
    ],
  });
});

test('the front end may be started first: until the servable is there, requests are refused', async () => {
  const { code, stdout, stderr } = await run(`
const master = new Master({ logger });
const address = await startGrpcServer(master, '127.0.0.1:0');
const client = new Client(address, 's', 'echo');
const [early] = await client.infer([{ x: 1 }]);
await startServableInMaster(master, { directory, servable: 's', executors: 1 });
const [late] = await client.infer([{ x: 1 }]);
console.log(early.ok, early.error.message, late.ok);
client.close();
await master.stop(1000);
`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(stdout).toMatch(
    /false Request servable\(s\) method\(echo\) , servable is not available; expected one of: none true\n$/,
  );
});

test('a servable that cannot be loaded rejects, and the program goes on and ends by itself', async () => {
  const { code, stdout } = await run(`
const master = new Master({ logger });
for (const servable of ['nothing', 's']) {
  await startServableInMaster(master, { directory, servable, executors: 1, version: servable === 's' ? 9 : 0 })
    .catch((error) => console.log(error.code, error.message.includes(servable)));
}
const aborted = AbortSignal.abort();
await startServableInMaster(master, { directory, servable: 's', executors: 1, signal: aborted }).catch((error) => console.log(error.name));
console.log(await master.stop(100));
`);
  expect({ code, stdout }).toEqual({
    code: 0,
    stdout: 'LOAD_FAILED true\nLOAD_FAILED true\nAbortError\ntrue\n',
  });
});

test('isolated servables serve when their start resolves, whatever else the master has', async () => {
  const { code, stdout, stderr } = await run(`
const master = new Master({ logger });
await startServableInMaster(master, { directory, servable: 's', executors: 1 });
const address = await startGrpcServer(master, '127.0.0.1:0', { print: () => undefined });
await startIsolatedServables(master, {
  directory, servables: ['other'], workerFlags: { '--executors': 1, '--log-level': 'error' },
});
const client = new Client(address, 'other', 'echo');
const [result] = await client.infer([{ x: 1 }]);
client.close();
console.log(JSON.stringify({ ok: result.ok, stopped: await master.stop(1000) }));
`);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(JSON.parse(stdout.trim().split('\n').at(-1)!)).toEqual({ ok: true, stopped: true });
});
