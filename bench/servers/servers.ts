/** The servers that cases compare: ours, started as users start it, and the echo. */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ChildProcesses } from './child-processes.ts';
import { startReadyServer, type RunningServer } from './ready-server.ts';

const masterProgram = 'node_modules/.bin/serving-master';
const workerProgram = 'node_modules/.bin/serving-worker';
const echoProgram = fileURLToPath(new URL('echo-server.mjs', import.meta.url));

/** Master and worker in one process, with a servable of examples/add. */
export function startLightweight(children: ChildProcesses, servable: string): Promise<RunningServer> {
  const options = ['--grpc', '127.0.0.1:0', '--servable', servable, '--directory', 'examples/add'];
  return startReadyServer(children, {
    program: masterProgram,
    args: [...options, '--log-level', 'warn'],
    readyLine: /^Serving gRPC start success, listening on (\S+)/,
  });
}

/** A master and one worker, in a process each. */
export async function startCluster(
  children: ChildProcesses,
  folder: string,
  servable: string,
): Promise<RunningServer> {
  const cluster = `unix:${join(folder, 'link.sock')}`;
  const master = await startReadyServer(children, {
    program: masterProgram,
    args: ['--grpc', '127.0.0.1:0', '--master', cluster, '--log-level', 'warn'],
    readyLine: /^Serving gRPC start success, listening on (\S+)/,
  });
  const options = ['--master', cluster, '--servable', servable, '--directory', 'examples/add'];
  const worker = await startReadyServer(children, {
    program: workerProgram,
    args: [...options, '--log-level', 'warn'],
    readyLine: /^Serving: worker registered with master (\S+),/,
  });
  return {
    address: master.address,
    pids: [...master.pids, ...worker.pids],
    stop: async () => {
      await worker.stop();
      await master.stop();
    },
  };
}

export function startEcho(children: ChildProcesses, path: string): Promise<RunningServer> {
  return startReadyServer(children, {
    program: process.execPath,
    args: [echoProgram, path],
    readyLine: /^echo listening on (\S+)/,
  });
}
