import { expect, test } from '@jest/globals';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Server } from 'node:net';
import { cleanUp, serve } from '../support/client-and-server.js';
import { run } from '../support/run-program.js';
import { serveStatus, threeWorkers } from '../support/status-server.js';
import { echo } from '../support/wire-values.js';

test('prints tables and exits with 0', async () => {
  const { address } = await serveStatus(threeWorkers);
  const { exitCode, out, error } = await run(['status', address]);
  expect({ exitCode, error }).toEqual({ exitCode: 0, error: '' });
  expect(out.split('\n')[0]).toBe('Master release 0.1.0, lease 5000 ms');
  expect(out).toMatch(/^add +2 +add_common +12345 +1$/m);
});

test('prints JSON whose fields and states are those of the documentation', async () => {
  const { address } = await serveStatus(threeWorkers);
  const { exitCode, out } = await run(['status', address, '--json']);
  expect(exitCode).toBe(0);
  expect(out.endsWith('}\n')).toBe(true);
  const status = JSON.parse(out) as Record<string, unknown>;
  expect(Object.keys(status)).toEqual(['release', 'leaseMs', 'workers', 'methods']);
  const [left, , own] = threeWorkers.workers;
  expect(status).toEqual({
    ...threeWorkers,
    workers: [
      { ...left, replicas: withStates(left!.replicas, ['DRAINING', 'AVAILABLE', 'LOADING']) },
      threeWorkers.workers[1],
      { ...own, replicas: withStates(own!.replicas, ['UNKNOWN']) },
    ],
  });
});

function withStates(replicas: readonly object[], states: readonly string[]): object[] {
  return replicas.map((replica, i) => ({ ...replica, state: states[i] }));
}

test('exits with 1 and one line when nobody listens', async () => {
  expect(await run(['status', '127.0.0.1:1'])).toEqual({
    exitCode: 1,
    out: '',
    error:
      'serving-client: 127.0.0.1:1 is unavailable: connect ECONNREFUSED 127.0.0.1:1; ' +
      'check that the master is running and that this is the address of its cluster port (--master)\n',
  });
});

test('says so when the address is a gRPC port of something else', async () => {
  const { address } = await serve(echo);
  const { exitCode, out, error } = await run(['status', address]);
  expect({ exitCode, out }).toEqual({ exitCode: 1, out: '' });
  expect(error).toMatch(
    /^serving-client: call to .+ failed with UNIMPLEMENTED: .+; check that this is the master's cluster port \(--master\), not another of its ports\n$/,
  );
});

test('says so when the address is that of a REST server', async () => {
  const address = await listen(createHttpServer((_request, response) => void response.end('hello')));
  const { exitCode, error } = await run(['status', address]);
  expect(exitCode).toBe(1);
  expect(error).toMatch(
    /^serving-client: .+ is unavailable: .+ this is the address of its cluster port \(--master\)\n$/,
  );
});

test('does not wait for ever for a port that says nothing', async () => {
  const address = await listen(createServer((socket) => cleanUp(() => socket.destroy())));
  const { exitCode, error } = await run(['status', address, '--deadline', '200ms']);
  expect(exitCode).toBe(1);
  expect(error).toBe(
    `serving-client: ${address} did not answer within the deadline of 200 ms; ` +
      'check that this is a cluster port (--master), or give it longer with --deadline\n',
  );
});

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  cleanUp(() => server.close());
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

test.each([
  ['an address of no use', ['status', 'h'], /^serving-client: address 'h': .+\n$/],
  ['a deadline without unit', ['status', '--deadline', '5'], /Expected a number with a unit/],
  ['a second address', ['status', 'h:1', 'h:2'], /too many arguments/],
])('exits with 2 for %s', async (_what, args, message) => {
  const { exitCode, out, error } = await run(args);
  expect({ exitCode, out }).toEqual({ exitCode: 2, out: '' });
  expect(error).toMatch(message);
});

test("explains itself with --help, the master's usual address included", async () => {
  const { exitCode, out } = await run(['status', '--help']);
  expect(exitCode).toBe(0);
  expect(out).toMatch(/\(default:\s+"127\.0\.0\.1:6500"\)/);
  expect(out).toContain('(default: 10s)');
});
