/** The servers that cases compare: ours, started as users start it, and the echo. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from './child-processes.ts';
import { startReadyServer, type RunningServer, type ServerProgram } from './ready-server.ts';

const masterProgram = 'node_modules/.bin/serving-master';
const workerProgram = 'node_modules/.bin/serving-worker';
const httpEchoProgram = fileURLToPath(new URL('http-echo-server.mjs', import.meta.url));
const echoProgram = fileURLToPath(new URL('echo-server.mjs', import.meta.url));

/** A servable and how it is served. */
export interface Served {
  readonly servable: string;
  /** Folder that holds the servable's. @default 'examples/add' */
  readonly directory?: string;
  /** Further options of the program. */
  readonly options?: readonly string[];
}

function optionsOf({ servable, directory = 'examples/add', options = [] }: Served): string[] {
  return ['--servable', servable, '--directory', directory, '--log-level', 'warn', ...options];
}

/** Master and worker in one process. */
export function startLightweight(children: ChildProcesses, served: Served): Promise<RunningServer> {
  return startMaster(children, optionsOf(served));
}

/** The same, whose address is that of its HTTP port. */
export function startLightweightRest(children: ChildProcesses, served: Served): Promise<RunningServer> {
  return startReadyServer(children, {
    program: masterProgram,
    args: ['--rest', '127.0.0.1:0', ...optionsOf(served)],
    readyLine: /^Serving: Serving RESTful server start success, listening on (\S+)/,
  });
}

function startMaster(children: ChildProcesses, options: readonly string[]): Promise<RunningServer> {
  return startReadyServer(children, {
    program: masterProgram,
    args: ['--grpc', '127.0.0.1:0', ...options],
    readyLine: /^Serving gRPC start success, listening on (\S+)/,
  });
}

/** A master and one worker, in a process each; the master's id is the first. */
export function startCluster(
  children: ChildProcesses,
  folder: string,
  served: Served,
): Promise<RunningServer> {
  return startMasterWith(children, folder, [], (cluster) => ({
    program: workerProgram,
    args: ['--master', cluster, ...optionsOf(served)],
    readyLine: /^Serving: worker registered with master (\S+),/,
  }));
}

/** A master, and a program that registers with it; the master's id is the first. */
export async function startMasterWith(
  children: ChildProcesses,
  folder: string,
  options: readonly string[],
  workers: (cluster: string) => ServerProgram,
): Promise<RunningServer> {
  const cluster = `unix:${join(folder, `link-${nextLink++}.sock`)}`;
  const master = await startMaster(children, ['--master', cluster, '--log-level', 'warn', ...options]);
  try {
    const worker = await startReadyServer(children, workers(cluster));
    return {
      address: master.address,
      pids: [...master.pids, ...worker.pids],
      stop: async () => {
        await worker.stop();
        await master.stop();
      },
    };
  } catch (thrown) {
    await master.stop();
    throw thrown;
  }
}

let nextLink = 0;

export function startEcho(children: ChildProcesses, path: string): Promise<RunningServer> {
  return startReadyServer(children, {
    program: process.execPath,
    args: [echoProgram, path],
    readyLine: /^echo listening on (\S+)/,
  });
}

export function startHttpEcho(children: ChildProcesses): Promise<RunningServer> {
  return startReadyServer(children, {
    program: process.execPath,
    args: [httpEchoProgram],
    readyLine: /^echo listening on (\S+)/,
  });
}
