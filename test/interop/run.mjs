// Checks the server with real clients: `npm run test:interop`. See README.md beside this file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';

import { CannotRun } from './cannot-run.mjs';
import { prepareClients } from './clients.mjs';
import { choosePort, collectServables, startCluster, startServer } from './server-process.mjs';

const checks = join(import.meta.dirname, 'checks');
const CLIENT_TIME_LIMIT_MS = 900_000;
const LAST_LINE = /^client=\S+ passed=(\d+) failed=(\d+)$/;

async function main() {
  const clients = prepareClients();
  const directory = mkdtempSync(join(tmpdir(), 'serving-interop-'));
  process.once('exit', () => rmSync(directory, { recursive: true, force: true }));
  collectServables(directory);
  const port = await choosePort();
  if (port === 0)
    console.log('Port 5500 is taken, so the tutorial file runs with another port in its constructor lines.');
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1));
  const total = { passed: 0, failed: 0, skipped: 0 };
  console.log('\n== one process');
  await checkAll(await startServer(port, directory), clients, total);
  console.log('\n== a cluster of a master and workers');
  await checkAll(await startCluster(directory), clients, total);
  console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
  return total.failed === 0 && total.passed > 0;
}

async function checkAll(server, clients, total) {
  for (const client of clients) {
    const outcome = await check(client, server);
    for (const [what, count] of Object.entries(outcome)) total[what] += count;
  }
  const end = await server.stop();
  if (end === 'exit code 0') return;
  total.failed += 1;
  console.log(`\n${server.describe(`ended with ${end} instead of exit code 0`)}`);
}

async function check(client, server) {
  console.log(`\n${client.name}`);
  if (client.problem !== undefined) {
    console.log(client.problem);
    // A machine may lack something, such as the way to a registry; whoever knows that nothing is missing may ask for all.
    if (!process.env.INTEROP_REQUIRE_ALL) {
      console.log(`client=${client.name} skipped: it cannot be run here`);
      return { skipped: 1 };
    }
    console.log(`client=${client.name} passed=0 failed=1`);
    return { failed: 1 };
  }
  const started = performance.now();
  const count = await runChecks(client, server);
  console.log(`took ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return count;
}

/** Passes the output of the checks through; their last line holds the count. */
async function runChecks(client, server) {
  const child = spawn(
    client.interpreter,
    [
      join(import.meta.dirname, client.checks),
      '--name',
      client.name,
      '--address',
      server.addresses[client.protocol],
      ...(client.options ?? []),
    ],
    {
      env: environment(client),
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

function environment(client) {
  return {
    ...process.env,
    PYTHONPATH: [...(client.paths ?? []), checks].join(delimiter),
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
