/**
 * Starts a real server on a free port, runs the tutorial's client against it, and checks the tutorial's numbers.
 * Usage: npm run demo
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Tensor } from '@serving/common';
import type { Outputs } from '@serving/client';
import { runAddCast, runAddCommon } from './client.ts';

const program = fileURLToPath(new URL('../../packages/master/bin/serving-master.js', import.meta.url));
const directory = fileURLToPath(new URL('.', import.meta.url));
const options = ['--grpc', '0', '--servable', 'add', '--directory', directory, '--log-level', 'warn'];

console.log('$ serving-master --grpc 0 --servable add --directory examples/add');
const server = spawn(process.execPath, [program, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
const exited = once(server, 'exit');

async function listeningAddress(): Promise<string> {
  for await (const line of createInterface(server.stdout)) {
    console.log(line);
    const address = /Serving gRPC server start success, listening on (\S+)/.exec(line)?.[1];
    if (address !== undefined) return address;
  }
  throw new Error('the server ended before it was ready');
}

/** The value that fills an output, or NaN when its elements differ from one another or from a 2x2 float32. */
function fill(outputs: Outputs): number {
  const y = outputs['y'];
  if (!(y instanceof Tensor) || y.dtype !== 'float32' || y.shape.join() !== '2,2') return NaN;
  const values = new Set(Array.from(y.dataAs('float32')));
  return values.size === 1 ? Number(y.data[0]) : NaN;
}

function show(method: string, results: readonly Outputs[]): void {
  console.log(`\n${method}`);
  for (const [index, { y }] of results.entries()) {
    console.log(
      `  instance ${index + 1}: y = ${y instanceof Tensor ? JSON.stringify(y.toNested()) : 'no tensor'}`,
    );
  }
}

try {
  const address = await listeningAddress();
  const common = await runAddCommon(address);
  const cast = await runAddCast(address);
  show('add_common, float32', common);
  show('add_cast, int32 cast to float32 on the server', cast);
  const found = { add_common: common.map(fill), add_cast: cast.map(fill) };
  const ok = JSON.stringify(found) === '{"add_common":[2,4,6],"add_cast":[2]}';
  if (!ok) process.exitCode = 1;
  server.kill('SIGTERM');
  await exited;
  console.log(`\n${JSON.stringify({ ...found, ok })}`);
} finally {
  server.kill('SIGTERM');
}
