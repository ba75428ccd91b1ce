// Checks the transport under gRPC with h2spec: every rule of HTTP/2 and HPACK that a client can see kept.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';

import { startServer } from './server.mjs';

// The address of the model server is no use here: it answers what is no gRPC before h2spec has sent half of it.
const { values: options } = parseArgs({
  options: { name: { type: 'string' }, address: { type: 'string' }, program: { type: 'string' } },
});
const SUMMARY = /^(\d+) tests, (\d+) passed, (\d+) skipped, (\d+) failed$/m;

const server = await startServer();
const [host, port] = server.address.split(':');
const h2spec = spawn(options.program, ['--host', host, '--port', port], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
let printed = '';
h2spec.stdout.setEncoding('utf8').on('data', (text) => (printed += text));
await once(h2spec, 'close');
await server.stop();

const [, all, passed] = SUMMARY.exec(printed) ?? [];
if (all === undefined || all !== passed) console.log(printed);
if (all === undefined) throw new Error('h2spec gave no summary');
// What h2spec leaves out was not shown to work either.
console.log(`client=${options.name} passed=${passed} failed=${all - passed}`);
