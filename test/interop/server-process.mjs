// The server under test, as a child process.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { CannotRun } from './cannot-run.mjs';

const repository = join(import.meta.dirname, '..', '..');
const masterProgram = join('packages', 'master', 'bin', 'serving-master.js');
const workerProgram = join('packages', 'worker', 'bin', 'serving-worker.js');

const TUTORIAL_PORT = 5500;
const START_TIME_LIMIT_MS = 60_000;
const STOP_TIME_LIMIT_MS = 30_000;
const KEPT_LOG_LINES = 30;

/** The port in the tutorial's client file, or 0 (any) where something already listens on it. */
export async function choosePort() {
  // The client file says "localhost", which may be either address.
  const free = (await isFree('127.0.0.1')) && (await isFree('::1'));
  return free ? TUTORIAL_PORT : 0;
}

async function isFree(host) {
  const probe = createServer();
  try {
    probe.listen(TUTORIAL_PORT, host);
    await once(probe, 'listening');
    return true;
  } catch (error) {
    // A machine without IPv6 has no address to take either.
    return error.code === 'EADDRNOTAVAIL' || error.code === 'EAFNOSUPPORT';
  } finally {
    probe.close();
  }
}

/** What is served, by the folder of the repository that it is kept in. */
const kept = {
  'examples/add': ['add', 'add-batch'],
  'examples/incremental-generation': ['whale'],
  'test/interop/servables': ['echo', 'countdown'],
};
const servables = Object.values(kept).flat();

/** Puts the servables, which are kept in several places, side by side in `directory`. */
export function collectServables(directory) {
  for (const [folder, names] of Object.entries(kept))
    for (const name of names)
      cpSync(join(repository, folder, name), join(directory, name), { recursive: true });
}

/** A master with the servables in its own process. Resolves once it listens, with its address for each protocol. */
export async function startServer(port, directory) {
  const ports = ['--grpc', `127.0.0.1:${port}`, '--rest', '127.0.0.1:0'];
  const served = ['--servable', servables.join(','), '--directory', directory];
  const server = startProgram(masterProgram, [...ports, ...served]);
  const [grpc, http] = await Promise.all([server.says(listening), server.says(listeningForRest)]);
  return { ...server, addresses: { grpc, http } };
}

/** A master and a worker for each servable, in processes of their own; stopped together. */
export async function startCluster(directory) {
  const ports = ['--grpc', '--rest', '--master'].flatMap((flag) => [flag, '127.0.0.1:0']);
  const master = startProgram(masterProgram, ports);
  const [grpc, http, cluster] = await Promise.all(
    [listening, listeningForRest, listeningForWorkers].map((pattern) => master.says(pattern)),
  );
  const workers = servables.map((servable) =>
    startProgram(workerProgram, ['--master', cluster, '--servable', servable, '--directory', directory]),
  );
  await Promise.all(workers.map((worker) => worker.says(registered)));
  const stopAll = async () => {
    const ends = [...(await Promise.all(workers.map((worker) => worker.stop()))), await master.stop()];
    return ends.find((end) => end !== 'exit code 0') ?? 'exit code 0';
  };
  return { ...master, addresses: { grpc, http }, stop: stopAll };
}

const listening = /^Serving gRPC start success, listening on (\S+)/;
const listeningForRest = /^Serving: Serving RESTful server start success, listening on (\S+)/;
const listeningForWorkers = /^Serving: Serving master server start success, listening on (\S+)/;
const registered = /^Serving: worker registered with master (\S+),/;

function startProgram(program, args) {
  if (!existsSync(join(repository, program)))
    throw new CannotRun(`There is no server to test: ${program} does not exist.`);
  const child = spawn(process.execPath, [program, ...args], {
    cwd: repository,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const killChild = () => child.kill('SIGKILL');
  process.once('exit', killChild);
  const exited = new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      process.removeListener('exit', killChild);
      resolve(signal ?? `exit code ${code}`);
    });
  });
  const log = keepLastLines(child);
  const describe = (what) => `${program} ${what}. Its last lines:\n${log.join('\n')}`;
  return {
    describe,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    stop: () => stop(child, exited),
    /** What the pattern found in a line of its standard output. */
    says: (pattern) =>
      Promise.race([
        lineMatching(child, pattern),
        exited.then((outcome) => Promise.reject(new CannotRun(describe(`did not start: ${outcome}`)))),
        rejectAfter(START_TIME_LIMIT_MS, () => describe(`did not print ${pattern}`)),
      ]),
  };
}

function lineMatching(child, pattern) {
  return new Promise((resolve) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const match = pattern.exec(line);
      if (match) resolve(match[1]);
    });
  });
}

function keepLastLines(child) {
  const lines = [];
  for (const input of [child.stdout, child.stderr]) {
    createInterface({ input }).on('line', (line) => {
      lines.push(line);
      if (lines.length > KEPT_LOG_LINES) lines.shift();
    });
  }
  return lines;
}

/** Returns how the server ended; one that has to be killed is a fault. */
async function stop(child, exited) {
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), STOP_TIME_LIMIT_MS);
  const outcome = await exited;
  clearTimeout(killer);
  return outcome;
}

function rejectAfter(milliseconds, message) {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new CannotRun(message())), milliseconds).unref();
  });
}
