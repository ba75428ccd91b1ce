// Checks the server with real clients: `npm run test:interop`. See README.md beside this file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

import { CannotRun } from './cannot-run.mjs';
import { preparePromtool } from './promtool-client.mjs';
import { preparePythonClients } from './python-clients.mjs';
import { choosePort, collectServables, startCluster, startServer } from './server-process.mjs';

const checks = join(import.meta.dirname, 'checks');
const CLIENT_TIME_LIMIT_MS = 900_000;
const LAST_LINE = /^client=\S+ passed=(\d+) failed=(\d+)$/;

async function main() {
  // promtool last: what it checks is what the others have left.
  const clients = [...preparePythonClients(), ...preparePromtool()];
  const directory = mkdtempSync(join(tmpdir(), 'serving-interop-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  collectServables(directory);
  const port = await choosePort();
  if (port === 0)
    console.log('Port 5500 is taken, so the tutorial file runs with another port in its constructor lines.');
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const total = { passed: 0, failed: 0 };
  console.log('\n== one process');
  await checkAll(await startServer(port, directory), clients, total);
  console.log('\n== a cluster of a master and workers');
  await checkAll(await startCluster(directory), clients, total);
  console.log(`\n${total.passed} passed, ${total.failed} failed`);
  return total.failed === 0 && total.passed > 0;
}

async function checkAll(server, clients, total) {
  for (const client of clients) {
    const { passed, failed } = await runChecks(client, server);
    total.passed += passed;
    total.failed += failed;
  }
  const end = await server.stop();
  if (end === 'exit code 0') return;
  total.failed += 1;
  console.log(`\n${server.describe(`ended with ${end} instead of exit code 0`)}`);
}

/** Passes the output of the checks through; their last line holds the count. */
async function runChecks(client, server) {
  console.log(`\n${client.name}`);
  const child = spawn(
    client.interpreter,
    [join(import.meta.dirname, client.checks), '--name', client.name, '--address', server.address],
    {
      env: environment(client, server),
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: CLIENT_TIME_LIMIT_MS,
      killSignal: 'SIGKILL',
    },
  );
  const closed = once(child, 'close');
  let count;
  for await (const line of createInterface({ input: child.stdout })) {
    const match = LAST_LINE.exec(line);
    if (match) count = { passed: Number(match[1]), failed: Number(match[2]) };
    console.log(line);
  }
  const [code, signal] = await closed;
  if (!server.isRunning()) console.log(server.describe('ended while this client was being checked'));
  if (count) return count;
  console.log(`The checks ended early: ${signal ?? `exit code ${code}`}`);
  console.log(`client=${client.name} passed=0 failed=1`);
  return { passed: 0, failed: 1 };
}

function environment(client, server) {
  return {
    ...process.env,
    ...client.variables,
    REST_ADDRESS: server.rest,
    PYTHONPATH: [...client.paths, checks].join(delimiter),
    // The checks are in the work tree, where compiled files have no place.
    PYTHONDONTWRITEBYTECODE: '1',
    // The clients name np.bool, which numpy announces the end of on every call.
    PYTHONWARNINGS: 'ignore::DeprecationWarning,ignore::FutureWarning',
    // A proxy for the machine's way out is none for its own server.
    no_grpc_proxy: 'localhost,127.0.0.1',
    no_proxy: 'localhost,127.0.0.1',
  };
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  console.error(error instanceof CannotRun ? error.message : error);
  process.exitCode = 1;
}
